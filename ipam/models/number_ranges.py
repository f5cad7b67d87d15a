from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import connections, models
from django.db.models import F, Q

BOUNDS = {"vrf": (1, 131_072), "asn": (1, 131_072)}  # of the pools: first and last number
_DRAWN_FOR = {"vrf": "VRF", "asn": "Machine"}


class NumberRange(models.Model):
    """Free numbers of a pool, first..last inclusive. They never overlap, but may touch: each serves one client."""

    class Pool(models.TextChoices):
        VRF = "vrf", "VRF"
        ASN = "asn", "ASN"

    pool = models.CharField(max_length=3, choices=Pool)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        ordering = ["pool", "first"]
        constraints = [
            models.UniqueConstraint(
                name="number_range_once",
                fields=["pool", "first"],
                violation_error_message="Others take and give back these numbers at this moment. Send it again.",
                violation_error_code="busy",  # so it is tried again
            ),
            models.CheckConstraint(name="number_range_not_empty", condition=Q(first__lte=F("last"))),
        ]

    def __str__(self) -> str:
        return f"{self.pool} {self.first}..{self.last}"


def fill_new_pools(*, using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Fill each pool that has no row and from which nothing was drawn: all its numbers are free.

    Runs after every `migrate`; harmless to repeat.
    """
    if NumberRange._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated back to nothing
    ranges = apps.get_model("ipam", "NumberRange").objects.using(using)
    for pool, (first, last) in BOUNDS.items():
        drawn = apps.get_model("ipam", _DRAWN_FOR[pool]).objects.using(using)
        if not ranges.filter(pool=pool).exists() and not drawn.exists():
            ranges.create(pool=pool, first=first, last=last)
