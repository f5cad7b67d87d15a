from ipam.models.base import Described, RecordQuerySet, SlugIdField


class Partition(Described):
    """A site or failure domain."""

    id = SlugIdField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.id)
