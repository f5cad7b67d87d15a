import uuid

from django.db import models

from ipam.models.base import NAME_LENGTH, Described, RecordQuerySet


class ProjectQuerySet(RecordQuerySet["Project"]):
    pass


class Project(Described):
    """What owns networks, addresses and machines; it belongs to a tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.CharField(max_length=NAME_LENGTH, blank=True, default="")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or str(self.id)
