"""How many allocations are pairs: how far an installation is dual-stack."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.models import IPAddress, Partition


@dataclass(frozen=True)
class Coverage:
    """Allocations with an address of both families, and those of one family alone."""

    pairs: int
    only: Mapping[Family, int]

    @property
    def total(self) -> int:
        return self.pairs + sum(self.only.values())

    @property
    def share(self) -> float:
        """Of pairs, 0..1; 0 of nothing."""
        return self.pairs / self.total if self.total else 0.0


def by_partition() -> dict[Partition | None, Coverage]:
    """Of the networks of each partition, None for those of every one; one statement, which reads every address.

    An allocation has at most one address of each family, in one network.
    """
    visible = access.visible(IPAddress.objects.all()).order_by("network__partition")
    held = {f"of_{family.key}": Count("pk", filter=Q(family=family)) for family in Family}
    counted = visible.values("network__partition").annotate(allocations=Count("allocation", distinct=True), **held)
    found: dict[Partition | None, Coverage] = {}
    for key, name, allocations, *numbers in counted.values_list(
        "network__partition", "network__partition__name", "allocations", *held
    ):
        pairs = sum(numbers) - allocations
        only = {family: number - pairs for family, number in zip(Family, numbers, strict=True)}
        found[Partition(pk=key, name=name) if key else None] = Coverage(pairs, only)
    return found


def together(parts: Mapping[Partition | None, Coverage]) -> Coverage:
    """Of all of them."""
    only = {family: sum(one.only[family] for one in parts.values()) for family in Family}
    return Coverage(sum(one.pairs for one in parts.values()), only)
