"""How full each place is: a square for each of its networks, a row of them for each family."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ipam.addressing import Family
from ipam.domain.insight.findings import FULL
from ipam.domain.insight.survey import Overview
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Network, Partition
from webui.meters import percent
from webui.timetable import Due

_MAX_NETWORKS = 30  # networks of a place
_STEPS = (0.05, 0.3, 0.6, 0.8, FULL)


@dataclass(frozen=True)
class Cell:
    """A family of a network: how full, and what that is in words."""

    x: int
    state: str
    title: str


@dataclass(frozen=True)
class Place:
    """A partition, with how many networks it has, squares of those that are shown, and what runs out there first."""

    partition: Partition | None
    count: int
    lanes: list[tuple[Family, list[Cell]]]
    due: Due | None


def places(picture: Overview, rows: Sequence[Due]) -> list[Place]:
    """The places of these networks, in the order of their names; what is full first."""
    first: dict[str, Due] = {}
    for row in rows:
        first.setdefault(row.network.partition_id or "" if row.network else "", row)
    ordered = sorted(picture.networks, key=lambda one: one.partition_id or "")
    found = []
    for partition, group in groupby(ordered, key=lambda one: one.partition):
        shown = sorted(group, key=lambda one: -_fullness(picture.uses[one.pk]))[:_MAX_NETWORKS]
        lanes = [(family, [_cell(x, one, family, picture) for x, one in enumerate(shown)]) for family in Family]
        key = partition.pk if partition else ""
        found.append(Place(partition, picture.counts[key], lanes, first.get(key)))
    return found


def _fullness(uses: Sequence[FamilyUse]) -> float:
    return max((use.utilization for use in uses), default=0)


def _cell(x: int, network: Network, family: Family, picture: Overview) -> Cell:
    use = next((use for use in picture.uses[network.pk] if use.family is family), None)
    if use is None:
        return Cell(x, "none", f"{network}: no {family.label}")
    step = sum(use.utilization >= one for one in _STEPS)
    return Cell(x, str(step), f"{network}: {percent(use.utilization)} of {family.label}")
