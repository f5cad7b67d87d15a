"""Forgetting the steps of what is long ago: the last sample of a day stays, later of a month, with the highest use."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from ipam.domain.core import bulk_insert
from ipam.domain.insight.series import BATCH, day_begins, utc_day
from ipam.models import Sample, Series, Survey

_EARLIEST = date(1970, 1, 1)


def thin(now: datetime, *, steps_days: int, days: int) -> None:
    """Leave one sample of each UTC day that is older than `steps_days`, and of each month that is older than `days`.

    Each is thinned once; up to where is kept with the last survey.
    """
    until = utc_day(now) - timedelta(days=steps_days)
    since = Survey.objects.values_list("thinned_until", flat=True).first() or _EARLIEST
    if since >= until:
        return
    later = timedelta(days=max(0, days - steps_days))
    months = (_month(max(_EARLIEST + later, since) - later), _month(until - later))
    for keys in bulk_insert.batches(Series.objects.order_by("pk").values_list("pk", flat=True), BATCH):
        _thin_series(keys, since, until, utc_day)
        _thin_series(keys, *months, lambda moment: _month(utc_day(moment)))
    Survey.objects.update(thinned_until=until)


def _thin_series(keys: Iterable[int], since: date, until: date, step_of: Callable[[datetime], date]) -> None:
    """Thin these series between two days; when it is interrupted, what is left is thinned by the next survey."""
    samples = Sample.objects.filter(series__in=keys, at__gte=day_begins(since), at__lt=day_begins(until))
    raised: list[Sample] = []
    superseded: list[int] = []
    for _, group in groupby(samples.order_by("series", "at"), key=lambda one: (one.series_id, step_of(one.at))):
        *before, kept = group
        superseded += [one.pk for one in before]
        high = max(one.high for one in (*before, kept))
        if high != kept.high:
            kept.high = high
            raised.append(kept)
    for rows in bulk_insert.batches(raised):
        Sample.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=["high"])
    for pks in bulk_insert.batches(superseded):
        Sample.objects.filter(pk__in=pks).delete()


def _month(day: date) -> date:
    return day.replace(day=1)
