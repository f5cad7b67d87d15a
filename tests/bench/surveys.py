"""A survey each hour of 10,000 networks with 400 days behind them: what series and forecasts add, and who waits.

By CPU, as what else the machine does would be counted else; on PostgreSQL without that of the database.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import time_machine
from django.utils import timezone

from ipam.addressing import Family
from ipam.demo import seeding
from ipam.domain.core import bulk_insert
from ipam.domain.insight import forecasts, series, surveying, thinning
from ipam.domain.insight.trend import DAYS
from ipam.domain.networks import addresses
from ipam.models import Network, Prefix, Project, Sample, Series
from tests.bench import scratch
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio

_CLOUD = {"networks": 10_000, "prefixes": 22_000, "addresses": 20_000}
_SPAN, _STEP = 400, 10  # days behind, and between two samples
_ROUNDS, _CHANGED = 5, 500  # networks between two surveys
_Parts = list[tuple[Any, str]]
_ADDED: _Parts = [(series, "of_networks"), (series, "of_projects"), (series, "record")]
_ADDED += [(forecasts, "keep_due"), (thinning, "thin")]
_WRITES: _Parts = [(series, "_begin"), (series, "_advance"), (forecasts, "_keep")]


def rows() -> Iterator[Row]:
    now = timezone.now()
    seeding.seed(**_CLOUD)
    surveying.run()
    _remember(now)
    scratch.settle()
    surveys, added, longest = zip(*(_round(now, number) for number in range(_ROUNDS)), strict=True)
    behind = f"{Series.objects.count():,} series, {Sample.objects.count():,} samples"
    what = f"a survey of 10,000 networks with 400 days behind them ({behind}), {_CHANGED} changed, CPU"
    yield Row(what, Ratio.of(list(surveys), unit="s"))
    yield Row("what series, forecasts and thinning take of it, CPU", Ratio.of(list(added), unit="s"), at_most(1))
    yield Row("its longest transaction, CPU", Ratio.of([1000 * one for one in longest], unit="ms"), at_most(200))


def _remember(now: datetime) -> None:
    """Give each series of a network a past; every other one has grown, and not by a straight line."""
    chance = Random(1)
    rows = list(Series.objects.of_networks().order_by("pk"))
    for one in rows:
        grows = one.pk % 2
        one.used_by_day = [max(0, one.used - grows * (DAYS - day + chance.randint(0, 3))) for day in range(DAYS)]
        one.days_until = series.utc_day(now)
    series.save(rows, "used_by_day", "days_until")
    past = [now - timedelta(days=day) for day in range(_SPAN, 0, -_STEP)]
    bulk_insert.bulk_insert(
        Sample,
        (Sample(series=one, at=at, used=one.used, high=one.used, total=one.total) for one in rows for at in past),
    )


def _round(now: datetime, number: int) -> tuple[float, float, float]:
    """Seconds of a survey, of what is added to it and of its longest transaction, an hour after the one before."""
    with time_machine.travel(now + timedelta(hours=number + 1), tick=True):
        project = Project.objects.earliest("pk")
        changing = Network.objects.filter(type="external").having(Prefix.objects.filter(family=Family.IPV6))
        for network in changing.order_by("pk")[:_CHANGED]:
            addresses.allocate(network, project=project, families=[Family.IPV6])
        with _timed(_ADDED) as added, _timed(_WRITES) as writes:
            begun = time.process_time()
            surveying.run()
            return time.process_time() - begun, sum(added), max(writes)


@contextmanager
def _timed(parts: _Parts) -> Iterator[list[float]]:
    """The seconds of each call of these functions."""
    spent: list[float] = []

    def timing(act: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.process_time()
            found = act(*arguments, **named)
            found = list(found) if isinstance(found, Iterator) else found
            spent.append(time.process_time() - begun)
            return found

        return timed

    with ExitStack() as patched:
        for module, name in parts:
            patched.enter_context(patch.object(module, name, timing(getattr(module, name))))
        yield spent
