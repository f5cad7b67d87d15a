from typing import Self

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce

from ipam.fields import AddressField
from ipam.models.base import FAMILIES, Block
from ipam.models.networks import Network
from ipam.models.prefixes import Prefix
from ipam.models.projects import NO_NAMESPACE, Project


class FreeBlockQuerySet(models.QuerySet["FreeBlock"]):
    def of(self, prefix: Prefix, namespace_id: object = None) -> Self:
        """The free space of a prefix; of a namespaced one, in one project's copy."""
        return self.filter(network=prefix.network_id, family=prefix.family, prefix=prefix, namespace=namespace_id)


class FreeBlock(Block):
    """A maximal aligned block of free space in a prefix: what a buddy allocator keeps.

    Free space is data: allocating costs the same however full a prefix is. Together with the prefix's
    addresses, children and reserved addresses the blocks are exactly the prefix; `manage.py doctor` proves it.
    """

    network = models.ForeignKey(Network, models.CASCADE, related_name="free_blocks", db_index=False)
    prefix = models.ForeignKey(Prefix, models.CASCADE, related_name="free_blocks", db_index=False)
    namespace = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    first = AddressField()
    length = models.PositiveSmallIntegerField()

    objects = FreeBlockQuerySet.as_manager()

    class Meta:
        ordering = ["prefix", "first"]
        indexes = [
            models.Index(fields=["prefix", "namespace", "-length", "first"], name="free_block_best_fit"),
        ]
        constraints = [
            # A block is free once; this index also finds the lowest free address of a network, and all of its blocks.
            models.UniqueConstraint(
                "network",
                "family",
                "prefix",
                "first",
                Coalesce("namespace", Value(NO_NAMESPACE, output_field=models.UUIDField())),
                name="free_block_once",
            ),
        ]
