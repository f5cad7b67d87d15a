"""What all meters share that are no network's: nodes, quotas."""

from abc import ABC, abstractmethod

from ipam.addressing import Family
from ipam.domain.insight.findings import FULL, WARN
from webui.meters import percent


class Bar(ABC):
    """How much of something of one family is used, drawn like the use of a network."""

    spark = ""  # surveys keep no series of it

    @property
    @abstractmethod
    def share(self) -> float:
        """What is used, 0..1."""

    @property
    @abstractmethod
    def address_family(self) -> Family:
        """Of what it is."""

    @property
    @abstractmethod
    def state_text(self) -> str:
        """How bad it is, in words; empty while it is not."""

    @property
    @abstractmethod
    def left_text(self) -> str:
        """How much of how much is used."""

    @property
    @abstractmethod
    def exact(self) -> str:
        """For hovering and screen readers."""

    @property
    def family(self) -> str:
        return self.address_family.key

    @property
    def label(self) -> str:
        return self.address_family.label

    @property
    def percent(self) -> str:
        return percent(self.share)

    @property
    def width(self) -> float:
        return max(self.share * 100, 0.8 if self.share else 0)

    @property
    def state(self) -> str:
        return "full" if self.share >= FULL else "warn" if self.share >= WARN else ""
