"""What a project, partition or VRF has in both families, and when that runs out: the top of its page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.fields import FamilyOf
from ipam.models import ApiToken, Claim, Cluster, Finding, IPAddress, Machine, Network, RoleBinding, ServiceAccount
from ipam.wording import count_of
from webui import timetable
from webui.listing import CountOf, shown_count
from webui.meters import humanize, percent, width_of
from webui.network_rows import NetworkRow, Totals
from webui.quota_meters import QuotaMeter
from webui.timetable import Due

Rows = QuerySet[Any]
_YEAR = 365  # days; what runs out later is none of the first questions


@dataclass(frozen=True)
class Counted:
    """What a page counts: of which rows, by what these belong to its subject; and the list that shows them."""

    label: str
    rows: Callable[[], Rows]
    by: str
    page: str
    narrowed_by: str = ""


def _visible(model: type[Model]) -> Callable[[], Rows]:
    return lambda: access.visible(model._default_manager.all())


_PEOPLE = RoleBinding.objects.filter(user__service_account=None)
_OF_PROJECTS = (
    Counted("Networks", _visible(Network), "project", "networks", "project"),
    Counted("Machines", _visible(Machine), "project", "machines", "project"),
    Counted("Clusters", _visible(Cluster), "project", "clusters", "project"),
    Counted("Claims", _visible(Claim), "project", "claims", "owner"),
    Counted("Members", _PEOPLE.all, "project", "members"),
    Counted("Service accounts", ServiceAccount.objects.all, "project", "members"),
    Counted("Their tokens", ApiToken.objects.all, "user__service_account__project", "members"),
    Counted("Findings", lambda: access.visible(Finding.objects.marked(False)), "project_id", "findings", "project"),
)
_COUNTED = {
    "partition": tuple(
        Counted(label, _visible(model), "partition", page, "partition")
        for label, model, page in (("Networks", Network, "networks"), ("Machines", Machine, "machines"))
    ),
    "project": _OF_PROJECTS,
    "vrf": (Counted("Networks", _visible(Network), "vrf", "networks", "vrf"),),
}


@dataclass(frozen=True)
class Tile:
    """How many of something there are, as a link to them."""

    label: str
    number: int
    link: str

    @property
    def text(self) -> str:
        return shown_count(self.number)


@dataclass(frozen=True)
class Holding:
    """One family: the addresses that are taken, and what is left: of the quota of addresses, else in the networks."""

    family: Family
    taken: int
    totals: Totals
    quota: QuotaMeter | None
    due: Due | None

    @property
    def taken_text(self) -> str:
        return shown_count(self.taken)

    @property
    def is_limited(self) -> bool:
        """Whether anything says what is left."""
        return self.quota is not None or bool(self.totals.networks)

    @property
    def share(self) -> float:
        return self.quota.share if self.quota else self.totals.share

    @property
    def percent(self) -> str:
        return percent(self.share)

    @property
    def width(self) -> float:
        return width_of(self.share)

    @property
    def left(self) -> str:
        if self.quota:
            return humanize(max(self.quota.quota.limit - self.quota.quota.used, 0))
        return self.totals.left_text

    @property
    def signal(self) -> tuple[str, str, str]:
        """How pressing it is, when the quota is used up or the first network full, and by which days."""
        if self.quota and self.quota.share >= 1:
            return "bad", "used up", "now"
        if self.quota and self.quota.full:
            by = timetable.between(self.quota.full, timezone.now().date())
            return timetable.pressing(self.quota.full, self.share), timetable.span(self.quota.full), by
        if self.quota or not self.due:
            return "none", "", ""
        return self.due.state, self.due.when, f"{self.due.name}, {self.due.by}"

    @property
    def left_of(self) -> str:
        """What it is left of."""
        if self.quota:
            return f"of a quota of {humanize(self.quota.quota.limit)}"
        return f"in {count_of(self.totals.networks, 'network')}"


def with_numbers(subjects: Rows, one: str) -> Rows:
    """These subjects of one kind, each with the numbers that `tiles` and `taken` tell; no statement more."""
    numbers = {f"number_{place}": _number(each.rows(), each.by) for place, each in enumerate(_COUNTED[one])}
    found: Rows = with_taken(subjects, one).annotate(**numbers)
    return found


def with_taken(subjects: Rows, one: str) -> Rows:
    """These subjects of one kind, each with how many addresses of each family it has, which `taken` tells."""
    by = "project" if one == "project" else f"network__{one}"
    # Read off the address, with which the index is enough: the column `family` would take each row, a million of them.
    held = access.visible(IPAddress.objects.annotate(version=FamilyOf("address")))
    numbers = {f"taken_{family.key}": _number(held.filter(version=family.value), by) for family in Family}
    found: Rows = subjects.annotate(**numbers)
    return found


def taken(subject: Model, family: Family) -> int:
    """How many addresses of a family a subject has that was read so: as many as a page counts (`listing.counted`)."""
    found: int = vars(subject)[f"taken_{family.key}"]
    return found


def _number(rows: Rows, by: str) -> CountOf:
    return CountOf(rows.filter(**{by: OuterRef("pk")}).values(by))


def tiles(subject: Model, one: str) -> list[Tile]:
    """How many there are of all that belongs to a subject that was read `with_numbers`."""
    return [
        Tile(each.label, vars(subject)[f"number_{place}"], _link(each, subject.pk))
        for place, each in enumerate(_COUNTED[one])
    ]


def _link(one: Counted, pk: object) -> str:
    return f"{reverse(one.page)}?{one.narrowed_by}={pk}" if one.narrowed_by else reverse(one.page, args=[pk])


def holdings(
    subject: Model, totals: Iterable[Totals], quotas: Sequence[QuotaMeter], due: Sequence[Due]
) -> list[Holding]:
    """Both families of a subject that was read `with_numbers`, IPv4 first; of `due`, what each runs out of first."""
    whole = {one.address_family: one for one in quotas if one.quota.has_series}
    first = {one.family: one for one in reversed(due)}
    return [
        Holding(one.family, taken(subject, one.family), one, whole.get(one.family), first.get(one.family))
        for one in totals
    ]


def verdict(rows: Sequence[NetworkRow], due: Sequence[Due], quotas: Sequence[QuotaMeter]) -> str:
    """What runs out first, a quota or a network; where no day can be told, which networks have hardly anything left."""
    used_up = next((one for one in quotas if one.share >= 1), None)
    if used_up:
        return f"The quota of {used_up.quota} is used up"
    told = [(full.likely, full, one) for one in quotas if (full := one.full)]
    days, full, first = min(told, key=lambda each: each[0], default=(_YEAR, None, None))
    if first and full and days < min((one.full.likely for one in due), default=_YEAR):
        return f"The quota of {first.quota} is used up in {timetable.span(full)}"
    if due or not rows:
        return timetable.sentence(due) if rows else ""
    scarce = [(row, lane) for row in rows for lane in row.lanes if lane.meter and lane.meter.state == "full"]
    if len(scarce) == 1:
        (row, lane) = scarce[0]
        return f"{row.network} has {lane.left} of {lane.family.label} left"
    nearly_full = len({row.network.pk for row, _ in scarce})
    return f"{count_of(nearly_full, 'network is', 'networks are')} nearly full" if scarce else timetable.sentence(due)
