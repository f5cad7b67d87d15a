"""How many allocations are pairs: how far an installation is dual-stack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.models import IPAddress, Partition, Project

AT_ONCE = 100_000  # addresses that are counted while a page loads: less than half a second


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


def is_quick() -> bool:
    """Whether there are so few addresses that counting pairs keeps nobody waiting; one statement."""
    return not access.visible(IPAddress.objects.all()).order_by("pk")[AT_ONCE:][:1].exists()


def by_partition() -> dict[Partition | None, Coverage]:
    """Of the networks of each partition, None for those of every one; one statement, which reads every address.

    An allocation has at most one address of each family, in one network.
    """
    counted = _counted(IPAddress.objects.all(), "network__partition", "network__partition__name")
    return {Partition(pk=key, name=name) if key else None: one for (key, name), one in counted}


def by_project(projects: Iterable[Project]) -> dict[UUID, Coverage]:
    """Of those of these projects that have any address; one statement, which reads every address of theirs."""
    counted = _counted(IPAddress.objects.filter(project__in=[one.pk for one in projects]), "project")
    return {key: one for (key,), one in counted}


def _counted(addresses: QuerySet[IPAddress], *by: str) -> Iterator[tuple[tuple[Any, ...], Coverage]]:
    visible = access.visible(addresses).order_by(by[0]).values(by[0])
    held = {f"of_{family.key}": Count("pk", filter=Q(family=family)) for family in Family}
    counted = visible.annotate(allocations=Count("allocation", distinct=True), **held)
    for row in counted.values_list(*by, "allocations", *held):
        key, (allocations, *numbers) = row[: len(by)], row[len(by) :]
        pairs = sum(numbers) - allocations
        yield key, Coverage(pairs, {family: number - pairs for family, number in zip(Family, numbers, strict=True)})


def together(parts: Mapping[Partition | None, Coverage]) -> Coverage:
    """Of all of them."""
    only = {family: sum(one.only[family] for one in parts.values()) for family in Family}
    return Coverage(sum(one.pairs for one in parts.values()), only)
