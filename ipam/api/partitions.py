"""Partitions."""

from ipam import filters
from ipam.api import inputs, outputs
from ipam.api.resources import Data, Editable
from ipam.domain.networks import partitions
from ipam.models import Partition


class PartitionViews(Editable[Partition]):
    model, output, filterset_class = Partition, outputs.Partition, filters.PartitionFilters
    inputs = {"create": inputs.NewPartition, "partial_update": inputs.Described}
    ordering_fields = {"id": "pk", "name": "name", "created_at": "created_at"}

    def make(self, data: Data) -> Partition:
        return partitions.create(**data)

    def change(self, found: Partition, data: Data) -> Partition:
        return partitions.update(found, **data)

    def discard(self, found: Partition) -> None:
        partitions.delete(found)
