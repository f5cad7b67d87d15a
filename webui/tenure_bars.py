"""Who held something over the last year, as a bar: today at the right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from ipam.addressing import Family
from ipam.models import IPAddress, Tenure

_DAYS, _WIDTH = 365, 1000
_LEAST = 4.0  # of a tenure, so that one of minutes is seen


@dataclass(frozen=True)
class Span:
    """A tenure in a bar."""

    x: float
    width: float
    tenure: Tenure


@dataclass(frozen=True)
class Bar:
    """The last year of an address or a block; `at_x` is where the moment is that was asked about."""

    family: Family
    spans: list[Span]
    at_x: float | None = None
    title: str = ""


def of_each(addresses: Iterable[IPAddress], tenures: Sequence[Tenure]) -> list[Bar]:
    """The bar of each of these addresses, under its name."""
    return [
        replace(of([had for had in tenures if had.address == one.address], one.address_family), title=str(one))
        for one in addresses
    ]


def of(tenures: Iterable[Tenure], family: Family, at: datetime | None = None) -> Bar:
    """The bar of what these tenures have of the last year."""
    now = timezone.now()
    first = now - timedelta(days=_DAYS)
    spans = [
        Span(x, max(_LEAST, _x(one.until or now, first) - x), one)
        for one in tenures
        if (one.until or now) > first
        for x in [min(_x(one.since, first), _WIDTH - _LEAST)]
    ]
    return Bar(family, spans, _x(at, first) if at and at >= first else None)


def _x(moment: datetime, first: datetime) -> float:
    return round(max(0.0, (moment - first) / timedelta(days=_DAYS)) * _WIDTH, 1)
