"""What one process does alone, among all that use the database: by a row that it holds for as long as it lives.

Clocks of machines differ: it is the database's that counts.
"""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from ipam.models import Lease

SECONDS = 30  # after which another takes what the holder has not kept


def hold(names: Collection[str], holder: str, *, seconds: float = SECONDS) -> set[str]:
    """Keep what the holder has, and take what nobody has or somebody has kept no longer; the names that it has now.

    It lasts for `seconds`, until it is held again, or is released.
    """
    free = [Lease(name=name, holder="", until=Now()) for name in names]
    Lease.objects.bulk_create(free, ignore_conflicts=True)
    there = Lease.objects.filter(name__in=names)
    there.filter(Q(holder=holder) | Q(until__lte=Now())).update(holder=holder, until=Now() + timedelta(seconds=seconds))
    return set(there.filter(holder=holder, until__gt=Now()).values_list("name", flat=True))


def release(holder: str) -> None:
    """Let others take what this one has."""
    Lease.objects.filter(holder=holder).update(until=Now())
