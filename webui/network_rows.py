"""Networks as rows of a list: both families of each, with their prefixes, how full they are and when they will be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.insight import forecasts
from ipam.domain.insight.trend import State
from ipam.domain.space import room, utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.fields import SumOfCounts
from ipam.models import Network, Prefix, Series
from ipam.models.prefixes import PrefixRow
from ipam.wording import count_of
from webui.meters import Meter, family_pair, humanize, summary, units
from webui.timetable import between, pressing, span

_UNDATED = {
    State.FLAT: "not growing",
    State.SHRINKING: "getting emptier",
    State.NOT_IN_SIGHT: "not in sight",
    State.TOO_LITTLE_HISTORY: "too new",
}


@dataclass(frozen=True)
class Lane:
    """One family of a network; `meter` is None where it has none. `state`, `when` and `by` say when it is full."""

    family: Family
    prefixes: Sequence[PrefixRow]
    meter: Meter | None
    state: str = "none"
    when: str = ""
    by: str = ""

    @property
    def is_missing(self) -> bool:
        return self.meter is None

    @property
    def left(self) -> str:
        """What a person can use of what is left."""
        if self.meter is None:
            return ""
        if self.meter.child_length is None:
            return units(self.family, self.meter.left)
        return f"{humanize(self.meter.left)} × /{self.meter.child_length}"


@dataclass(frozen=True)
class NetworkRow:
    """A network with its two lanes, IPv4 first."""

    network: Network
    lanes: Sequence[Lane]

    @property
    def children(self) -> int:
        """How many it has, where the list has counted them."""
        return vars(self.network).get("child_count") or 0

    @property
    def about(self) -> str:
        """Its type, whose it is, where, in which VRF, and how many children it has."""
        one, count = self.network, self.children
        place = one.partition.display_name if one.partition else ""
        vrf = f"VRF {one.vrf_id}" if one.vrf_id else ""
        children = count_of(count, "child", "children") if count else ""
        return " · ".join(filter(None, [one.get_type_display(), str(one.project or ""), place, vrf, children]))


@dataclass(frozen=True)
class Totals:
    """One family of all networks of a list: of children beside their super network that says it."""

    family: Family
    networks: int
    total: int
    used: int
    left: int

    @property
    def width(self) -> float:
        return self.used / self.total * 100 if self.total else 0.0

    @property
    def share(self) -> float:
        return self.width / 100

    @property
    def total_text(self) -> str:
        return units(self.family, self.total)

    @property
    def left_text(self) -> str:
        return units(self.family, self.left)


def rows_of(
    networks: Sequence[Network],
    known: Mapping[str, list[FamilyUse]] | None = None,
    prefixes: Mapping[str, Sequence[PrefixRow]] | None = None,
) -> list[NetworkRow]:
    """The rows of these networks, of which the use, or the prefixes, of some are `known`; four statements at most."""
    keys = [network.pk for network in networks]
    held = {key: prefixes[key] for key in keys if key in prefixes} if prefixes else {}
    if unread := [key for key in keys if key not in held]:
        held.update(Prefix.objects.rows_of(unread))
    unknown = [network for network in networks if network.pk not in (known or {})]
    uses = {**utilization.of_networks(unknown, {one.pk: held[one.pk] for one in unknown}), **(known or {})}
    kept = {(one.network_id, one.family): one for one in Series.objects.of_networks().filter(network_id__in=keys)}
    now = timezone.now()
    return [NetworkRow(one, _lanes(one, uses[one.pk], held[one.pk], kept, now)) for one in networks]


def lanes_of(network: Network, uses: list[FamilyUse], prefixes: Iterable[Prefix]) -> Sequence[Lane]:
    """The lanes of one network whose use is known; one statement."""
    kept = {(one.network_id, one.family): one for one in Series.objects.of_networks().filter(network_id=network.pk)}
    return _lanes(network, uses, [PrefixRow.of(one) for one in prefixes], kept, timezone.now())


def _lanes(
    network: Network,
    uses: list[FamilyUse],
    held: Sequence[PrefixRow],
    kept: dict[tuple[str, int], Series],
    now: datetime,
) -> list[Lane]:
    lanes = []
    for family, meter in zip(Family, family_pair(network, uses), strict=True):
        own = [one for one in held if one.family == family]
        due = ("none", "", "") if meter is None else _due(meter, kept.get((network.pk, int(family))), now)
        lanes.append(Lane(family, own, meter, *due))
    return lanes


def _due(meter: Meter, one: Series | None, now: datetime) -> tuple[str, str, str]:
    """How pressing, in what time and between which days; what is full says so at once, whatever a survey kept."""
    if not meter.use.left:
        return "bad", "full", "now"
    full = forecasts.kept_days(one, "full", now) if one else None
    if full is None or not full.likely:
        return "none", _UNDATED.get(State(one.state), "") if one and one.state in _UNDATED else "", ""
    return pressing(full, meter.use.utilization), span(full), between(full, now.date())


def verdict(lanes: Sequence[Lane], *, is_super: bool) -> str:
    """What the page of a network begins with: how much more fits, which family runs out first, and in what time."""
    uses = [lane.meter.use for lane in lanes if lane.meter]
    text, left = summary(uses, is_super=is_super), room.of_uses(uses)
    first = next((lane for lane in lanes if left and left.count and lane.family is left.family), None)
    return f"{text}, in {first.when}" if first and first.by else text


def totals_kept(roots: QuerySet[Network]) -> list[Totals]:
    """As `totals`, of networks of which none lies in another, as of the last survey; empty before it. One statement."""
    kept = Series.objects.of_networks().filter(network_id__in=roots.order_by().values("pk")).order_by()
    sums = kept.values_list("family").annotate(
        networks=Count("*"), used=SumOfCounts("used"), left=SumOfCounts("available")
    )
    found = {family: (networks, used + left, used, left) for family, networks, used, left in sums}
    return [Totals(family, *found.get(family, (0, 0, 0, 0))) for family in Family] if found else []


def totals(rows: Sequence[NetworkRow]) -> list[Totals]:
    """What these networks have together, per family: no space twice."""
    found = []
    listed = {row.network.pk for row in rows}
    roots = [row for row in rows if row.network.parent_id not in listed]
    for family in Family:
        uses = [lane.meter.use for row in roots for lane in row.lanes if lane.meter and lane.family is family]
        total, used = sum(use.takeable_ips for use in uses), sum(use.used_ips for use in uses)
        found.append(Totals(family, len(uses), total, used, sum(use.available_ips for use in uses)))
    return found
