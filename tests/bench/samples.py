"""What each filter is asked for: what most rows have, what some have, and what few have."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Count
from django.utils import timezone

from ipam.filter_fields import NOTHING
from ipam.models import IPAddress, Network, Project

TEXTS = ["00-bench-service", "1.0.0.7", "1.0.200.200", "1.200.0.0/16", "nothing-like-it", "52:54:00:00:00:07"]


def values(model: Any, filters: Any, name: str) -> list[str]:
    """What the filter `name` of these is asked for."""
    if name in ASKED:
        return list(map(str, ASKED[name]()))
    one = filters.base_filters[name]
    each = one.extra.get("one")
    if choices := one.extra.get("choices") or getattr(each, "choices", None):
        return [str(value) for value, _ in choices]
    given = [str(value) for value in _held(model, one.field_name)]
    return list(dict.fromkeys(given)) + [NOTHING] * bool(one.extra.get("nullable") or getattr(each, "nullable", False))


def _held(model: Any, column: str) -> Iterator[Any]:
    """The most frequent value of a column, one that is frequent, and the rarest."""
    held = model._default_manager.order_by().exclude(**{f"{column}__isnull": True})
    if isinstance(model._meta.get_field(column), CharField):
        held = held.exclude(**{column: ""})
    counted = held.values_list(column).annotate(number=Count("*"))
    for order, place in (("-number", 0), ("-number", 50), ("number", 0)):
        yield from (value for value, _ in counted.order_by(order)[place : place + 1])


def _times() -> list[str]:
    return [(timezone.now() - timedelta(days=days)).isoformat() for days in (0, 1, 100, 399)]


def _address() -> IPAddress:
    return IPAddress.objects.filter(machine__isnull=False).order_by("-address")[0]


def _crowded() -> list[str]:
    return ["00-bench-56", "00-bench-01", Network.objects.filter(type="child").order_by("-id")[0].pk]


ASKED: dict[str, Callable[[], list[object]]] = {
    "q": lambda: [*TEXTS],
    "label": lambda: ["rack", "rack=r7", "rack=nowhere", "nothing"],
    "ip": lambda: ["1.0.0.7", _address()],
    "address": lambda: ["1.0.0.7", _address()],
    "network": lambda: [*_crowded()],
    "within": lambda: ["1.0.0.0/16", "1.200.0.0/16", "::/0", "10.0.0.0/8"],
    "prefix": lambda: ["1.0.0.0/16", "1.56.0.0/16", "fd00:1::/64"],
    "contains": lambda: ["1.0.0.7", "10.0.0.7", "fd00:1::7"],
    "overlaps": lambda: ["1.0.0.0/8", "10.0.0.0/8", "::/0"],
    "destination_prefix": lambda: ["0.0.0.0/0", "10.99.0.0/16"],
    "usable_by": lambda: [*Project.objects.order_by("-id").values_list("pk", flat=True)[:2]],
    "since": lambda: [*_times()],
    "until": lambda: [*_times()],
}
