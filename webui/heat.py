"""How full each place is: a square for each of its networks, a row of them for each family."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ipam.addressing import Family
from ipam.domain.insight.findings import FULL
from ipam.domain.insight.survey import MAX_OF_PARTITION, Overview
from ipam.models import Network, Partition
from webui.meters import percent
from webui.timetable import Due

_STEPS = (0.05, 0.3, 0.6, 0.8, FULL)
_NEVER = 10**6  # days


@dataclass(frozen=True)
class Cell:
    """A family of a network: how full, and what that is in words."""

    x: int
    state: str
    title: str


@dataclass(frozen=True)
class Place:
    """A partition, with how many networks it has, those that are shown as squares, and what runs out there first."""

    partition: Partition | None
    count: int
    networks: Sequence[Network]
    due: Due | None
    picture: Overview

    @property
    def name(self) -> str:
        return self.partition.display_name if self.partition else "Everywhere"

    @property
    def lanes(self) -> list[tuple[Family, list[Cell]]]:
        """The squares of each family, drawn of those places alone that are shown."""
        return [(family, [self._cell(x, one, family) for x, one in enumerate(self.networks)]) for family in Family]

    @property
    def urgency(self) -> tuple[int, float, str]:
        """To order places by: what is full or runs out first, then what is fullest."""
        return self.due.full.likely if self.due else _NEVER, -_fullness(self.networks[0], self.picture), self.name

    def _cell(self, x: int, network: Network, family: Family) -> Cell:
        share = self.picture.shares[network.pk].get(family)
        if share is None:
            return Cell(x, "none", f"{network}: no {family.label}")
        return Cell(x, str(sum(share >= one for one in _STEPS)), f"{network}: {percent(share)} of {family.label}")


def places(picture: Overview, rows: Sequence[Due]) -> list[Place]:
    """The places of these networks, what runs out first before the rest; of each, what is full first."""
    first: dict[str, Due] = {}
    for row in rows:
        first.setdefault(row.network.partition_id or "" if row.network else "", row)
    found = []
    ordered = sorted(picture.networks, key=lambda one: (one.partition_id or "", -_fullness(one, picture)))
    for partition, group in groupby(ordered, key=lambda one: one.partition):
        key = partition.pk if partition else ""
        found.append(Place(partition, picture.counts[key], [*group][:MAX_OF_PARTITION], first.get(key), picture))
    return sorted(found, key=lambda one: one.urgency)


def _fullness(network: Network, picture: Overview) -> float:
    return max(picture.shares[network.pk].values(), default=0.0)
