from ipam.models.base import Described, RecordQuerySet, SlugIdField


class PartitionQuerySet(RecordQuerySet["Partition"]):
    pass


class Partition(Described):
    """A site or failure domain."""

    id = SlugIdField()

    objects = PartitionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.id)
