"""Counts as people read them: one unit per family, exact numbers on hover."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from ipam.addressing import Family, size
from ipam.domain.insight import series
from ipam.domain.insight.findings import FULL, WARN
from ipam.domain.space import room
from ipam.domain.space.room import Room
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Network, Prefix

_WORDS = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def humanize(count: int) -> str:
    """A count of any size in a few characters: 1,022 · 4.29 billion · 1.84 × 10¹⁹."""
    if count < 10**6:
        return f"{count:,}"
    if count >= 10**15 - 10**15 // 2000:
        mantissa, exponent = f"{count:.2e}".split("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    for one, word in _WORDS:
        if count >= one - one // 2000:  # what rounds to 1,000 of a word is 1 of the next
            return f"{count / one:.3g} {word}"
    raise AssertionError(count)


def units(family: Family, count: int) -> str:
    """Addresses in a unit that a person can picture: large IPv6 space as /64s, the rest as addresses."""
    share = count / size(Family.IPV6, 64)
    if family is Family.IPV4 or share < 0.1:
        return f"{humanize(count)} address{'' if count == 1 else 'es'}"
    blocks = f"{share:.2g}" if share < 9.95 else humanize(round(share))
    return f"≈ {blocks} /64{'' if share < 1.05 else 's'}"


def percent(share: float) -> str:
    """A share 0..1 as a percentage that never pretends to be nothing or everything."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share * 100:.2g} %" if share < 0.1 else f"{share * 100:.3g} %"


def width_of(share: float) -> float:
    """How wide the bar of a share 0..1 is, 0..100; anything taken is seen."""
    return max(share * 100, 0.8 if share else 0)


class Bar(ABC):
    """How much of something of one family is used: of a network, a quota, the nodes of a cluster."""

    @property
    def spark(self) -> str:
        """How it went, as a path whose top is full; empty where surveys keep no series of it."""
        return ""

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
        return width_of(self.share)

    @property
    def state(self) -> str:
        """What the bar says in words and shape, not by colour alone."""
        return "full" if self.share >= FULL else "warn" if self.share >= WARN else ""


@dataclass(frozen=True)
class Meter(Bar):
    """How one family of a network is drawn."""

    use: FamilyUse
    child_length: int | None = None
    days: Sequence[int] = ()  # what was used as each of the last 90 began

    @property
    def spark(self) -> str:
        return sparkline([*self.days, self.use.used_ips], self.use.takeable_ips)

    @property
    def share(self) -> float:
        return self.use.utilization

    @property
    def address_family(self) -> Family:
        return self.use.family

    @property
    def state_text(self) -> str:
        return {"full": "■ full" if not self.use.available_ips else "■ scarce", "warn": "▲ filling up"}.get(
            self.state, ""
        )

    @property
    def left(self) -> int:
        return self.use.available_ips if self.use.available_prefixes is None else self.use.available_prefixes

    @property
    def taken(self) -> int:
        return self.use.used_ips if self.use.available_prefixes is None else self.use.used_prefixes

    @property
    def taken_text(self) -> str:
        return humanize(self.taken)

    @property
    def left_text(self) -> str:
        if self.child_length is None:
            return f"{units(self.use.family, self.left)} left"
        return f"{humanize(self.left)} × /{self.child_length} left"

    @property
    def exact(self) -> str:
        """The whole truth, for hovering and for screen readers."""
        return f"{self.label}: {self.counts}."

    @property
    def counts(self) -> str:
        """Exactly what is taken, free and cooling."""
        use = self.use
        text = f"{use.used_ips:,} of {use.takeable_ips:,} addresses taken ({self.percent}), {use.available_ips:,} free"
        if use.cooling_ips:
            text += f", {use.cooling_ips:,} cooling"
        if use.available_prefixes is not None:
            children = "child" if use.used_prefixes == 1 else "children"
            text += f"; {use.used_prefixes:,} {children}, room for {use.available_prefixes:,} of /{self.child_length}"
        return text


@dataclass(frozen=True)
class PrefixMeter:
    """How one prefix of a network is drawn."""

    prefix: Prefix
    meter: Meter

    @property
    def width(self) -> float:
        return self.meter.width

    @property
    def left(self) -> str:
        return self.meter.left_text

    @property
    def exact(self) -> str:
        """The whole truth, for hovering and for screen readers."""
        return f"{self.prefix}: {self.meter.counts}."


def sparkline(values: Sequence[int], most: int) -> str:
    """The path of daily values 0..most in a box of 90 by 20, in whole steps, newest at the right."""
    if len(values) < 2 or most <= 0:
        return ""
    at, height, path = 91 - len(values), None, ""
    for day, value in enumerate(values, at):
        y = 19 - round(18 * min(1, value / most))
        if y != height:
            path += f"H{day}V{y}" if path else f"M{day} {y}"
            height = y
    return f"{path}H90"


def meters(network: Network, uses: list[FamilyUse]) -> list[Meter]:
    """The meters of a network, IPv4 first."""
    lengths = network.default_child_prefix_length
    return [Meter(use, lengths.get(use.family), series.days_of(network, use.family)) for use in uses]


def family_pair(network: Network, uses: list[FamilyUse]) -> list[Meter | None]:
    """Always two places, IPv4 and IPv6, so that rows align; None where the network lacks the family."""
    by_family = {meter.use.family: meter for meter in meters(network, uses)}
    return [by_family.get(family) for family in Family]


def summary(uses: list[FamilyUse], *, is_super: bool) -> str:
    """The answer to the first question: how much more fits, and what runs out first."""
    left: Room | None = room.of_uses(uses)
    if left is None:
        return "No prefixes yet"
    both = left.family is not None
    thing = ("dual-stack child" if both else "child") if is_super else ("pair" if both else "address")
    plural = {"child": "children", "dual-stack child": "dual-stack children", "address": "addresses", "pair": "pairs"}
    text = f"Room for {humanize(left.count)} more {thing if left.count == 1 else plural[thing]}"
    return f"{text}; {left.family.label} runs out first" if left.family else text
