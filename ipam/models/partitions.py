from ipam.models.base import RecordQuerySet, SlugIdField
from ipam.models.managed import Managed


class PartitionQuerySet(RecordQuerySet["Partition"]):
    pass


class Partition(Managed):
    """A site or failure domain."""

    id = SlugIdField()

    objects = PartitionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def display_name(self) -> str:
        """Its name, or its id where it has none: what people see."""
        return self.name or self.id
