"""An invented past for an invented cloud: when everything began, who had what before, and how use grew by the day.

Use follows from who held what, so that the timeline of an address, the map of a day and the chart of a network agree.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID

from ipam import errors
from ipam.addressing import Family, size
from ipam.demo.plan import NAMES, Cloud
from ipam.domain.core import bulk_insert
from ipam.domain.insight import series, surveying
from ipam.domain.insight.series import BY_DAY, VALUES, Reading, day_begins, utc_day
from ipam.domain.insight.trend import DAYS
from ipam.domain.space import utilization
from ipam.models import Network, Project, Sample, Series, Tenure
from ipam.models.networks import NetworkType

_MAX_DAYS = 400
_OLDER = 0.55  # the share of what was there before the past that is told begins
_CHURN = 0.5  # the share of today's addresses that others had before, for some weeks
_PAUSE_WEEKS = 2  # in the middle, between these
_Key = tuple[str, UUID | None, int]
_Steps = dict[_Key, Counter[date]]  # by how much use changed on a day
_Day = tuple[datetime, tuple[Any, ...]]  # a moment, and `VALUES` from then on
_PLACES = {by_day: VALUES.index(name) for by_day, name in BY_DAY.items()}


class Past:
    """The last `days` days (0..400), up to now. Invalid for any other number."""

    def __init__(self, rng: Random, *, days: int, now: datetime) -> None:
        if not 0 <= days <= _MAX_DAYS:
            raise errors.Invalid(f"A past has 0 to {_MAX_DAYS} days, not {days:,}.")
        self.rng, self.days, self.now = rng, days, now
        self.start = now - timedelta(days=days)

    def moment(self, after: datetime | None = None) -> datetime:
        """When something began that is there today, not before `after`: more of it lately, and more on working days."""
        if (after or self.start) <= self.start and self.rng.random() < _OLDER:
            return self.start - timedelta(days=self.rng.uniform(1, 30))
        since = max(after or self.start, self.start)
        found: datetime = since + (self.now - since) * self.rng.random() ** 0.8
        return found - timedelta(days=2) if found.weekday() > 4 and found - timedelta(days=2) > since else found

    def date(self, cloud: Cloud) -> None:
        """Give the objects of a cloud the moments at which they began."""
        if not self.days:
            return
        for model in (Network, Project):
            for one in cloud.rows[model]:
                is_old = model is Project or not one.is_child
                one.created_at = one.updated_at = self.start - timedelta(days=100) if is_old else self.moment()
        for network in cloud.rows[Network]:
            for prefix in cloud.prefixes[network.pk]:
                prefix.created_at = network.created_at

    def former_holders(self) -> Iterator[Tenure]:
        """Who had some of today's addresses before."""
        projects = list(Project.objects.order_by("pk").values_list("pk", "name"))
        shared = set(Network.objects.filter(type=NetworkType.EXTERNAL, project=None).values_list("pk", flat=True))
        made = dict(Network.objects.values_list("pk", "created_at"))
        held = Tenure.objects.open().of_addresses().order_by("allocation", "pk").iterator()
        for allocation in (list(pair) for _, pair in groupby(held, key=lambda one: one.allocation)):
            one = allocation[0]
            if one.since > self.start and self.rng.random() < _CHURN:
                for begun, ended in self._weeks(max(self.start, made[one.network_id]), one.since):
                    own = one.project_id, one.project_name
                    owner = self.rng.choice(projects) if one.network_id in shared else own
                    yield from self._former(allocation, begun, ended, owner)

    def _weeks(self, begun: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working weeks between two moments in which something ran: less is used on weekends."""
        while True:
            begun += timedelta(weeks=self.rng.expovariate(1 / _PAUSE_WEEKS))
            begun += timedelta(days=(7 - begun.weekday()) % 7)
            ended = begun + timedelta(weeks=self.rng.choice([0, 0, 0, 1, 3]), days=4, hours=self.rng.uniform(6, 10))
            if ended >= until:
                return
            yield begun, ended
            begun = ended

    def _former(
        self, allocation: Sequence[Tenure], begun: datetime, ended: datetime, owner: tuple[UUID | None, str]
    ) -> Iterator[Tenure]:
        """A holder of the same addresses, before."""
        told = {"since": begun, "until": ended, "project_id": owner[0], "project_name": owner[1]}
        told |= {"machine_id": "", "machine_name": "", "allocation": UUID(int=self.rng.getrandbits(128))}
        told |= {"name": f"{self.rng.choice(NAMES['services'])}-{self.rng.randint(1, 9)}"}
        for one in allocation:
            columns = {field.attname: getattr(one, field.attname) for field in Tenure._meta.concrete_fields[1:]}
            yield Tenure(**columns | told)


def keep(past: Past) -> None:
    """Store the former holders, and the series that follow from all of them; then survey as any other installation."""
    if not past.days:
        return
    rows = [*past.former_holders(), *Tenure.objects.all()]
    Tenure.objects.all().delete()
    for one in rows:
        one.pk, one.begun_by, one.from_exact = None, None, True
    bulk_insert.bulk_insert(Tenure, sorted(rows, key=lambda one: one.since))  # as they would have come
    steps, carved = _steps(past)
    for networks in bulk_insert.batches(Network.objects.exclude(type=NetworkType.SUPER_NAMESPACED).order_by("pk"), 500):
        readings = series.of_networks(networks, utilization.of_networks(networks))
        _store(past, readings, steps, carved)
    _store(past, (one for one in series.of_projects() if one.used), steps, carved)
    surveying.run()


def _steps(past: Past) -> tuple[_Steps, _Steps]:
    """By how many addresses the use of each network and project changed on which day, and by how many children."""
    parents: dict[str, str] = dict(Network.objects.filter(parent__isnull=False).values_list("pk", "parent_id"))
    steps: _Steps = defaultdict(Counter)
    carved: _Steps = defaultdict(Counter)
    columns = ("address", "length", "network_id", "project_id", "since", "until")
    for address, length, network_id, project_id, since, until in Tenure.objects.values_list(*columns).iterator():
        family = Family.of(address)
        of_use: list[_Key] = [(network_id, None, int(family)), ("", project_id, int(family))]
        of_block: list[_Key] = [(parents.get(network_id, ""), None, int(family))]
        for moment, sign in ((since, 1), (until, -1)):
            if moment is None or moment <= past.start:
                continue
            day = utc_day(moment)
            for key in of_use if length is None else of_block:
                steps[key][day] += sign * (1 if length is None else size(family, length))
            if length is not None:
                carved[of_block[0]][day] += sign
    return steps, carved


def _store(past: Past, readings: Iterable[Reading], steps: _Steps, carved: _Steps) -> None:
    """Store the series of what was read now, with a sample for each day that began with other values."""
    told = [(reading, list(_days(past, reading, steps[reading.about], carved[reading.about]))) for reading in readings]
    rows = Series.objects.bulk_create(_series(past, reading, days) for reading, days in told)
    bulk_insert.bulk_insert(
        Sample,
        (
            Sample(series=one, at=at, high=values[0], **dict(zip(VALUES, values, strict=True)))
            for one, (reading, days) in zip(rows, told, strict=True)
            for at, values in _changes(days)
        ),
    )


def _series(past: Past, reading: Reading, days: Sequence[_Day]) -> Series:
    """The series of a reading, whose values by day are known."""
    by_day: dict[str, list[int]] = {
        name: [values[place] for _, values in days[-DAYS - 1 : -1]] for name, place in _PLACES.items()
    }
    if reading.available_prefixes is None:
        del by_day["prefixes_by_day"]
    *_, (at, _) = _changes(days)
    return Series(**vars(reading), at=at, days_until=utc_day(past.now), **by_day)


def _changes(days: Sequence[_Day]) -> Iterator[_Day]:
    """The moments from which other values hold."""
    before = None
    for at, values in days:
        if values != before:
            yield at, values
        before = values


def _days(past: Past, reading: Reading, steps: Counter[date], carved: Counter[date]) -> Iterator[_Day]:
    """The values with which each day of the past began, and those of now: without what has changed since then."""
    days = [utc_day(past.start) + timedelta(days=number) for number in range(1, past.days + 1)]
    later, children = sum(steps[day] for day in days), sum(carved[day] for day in days)
    for day in days:
        used, prefixes, left = max(0, reading.used - later), None, None
        if reading.available_prefixes is not None:
            prefixes, left = max(0, (reading.used_prefixes or 0) - children), reading.available_prefixes + children
        yield day_begins(day), (used, reading.total, prefixes, left)
        later, children = later - steps[day], children - carved[day]
    yield past.now, (reading.used, reading.total, reading.used_prefixes, reading.available_prefixes)
