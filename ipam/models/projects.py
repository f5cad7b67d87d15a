import uuid
from typing import Self

from django.db import models

from ipam.models.base import NAME_LENGTH, RecordQuerySet
from ipam.models.indexes import texts
from ipam.models.managed import Managed
from ipam.natural import Natural

NO_NAMESPACE = uuid.UUID(int=0)  # stands for "none" where the database must compare namespaces


class ProjectQuerySet(RecordQuerySet["Project"]):
    id_characters = "0123456789abcdef-"

    def with_text(self, text: str) -> Self:
        """Those whose id, name or description contains `text`, whatever its case, and those of a tenant called so."""
        return super().with_text(text) | self.filter(tenant=text)


class Project(Managed):
    """What owns networks, addresses and machines; it belongs to a tenant."""

    texts = (*Managed.texts, "tenant")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    tenant = models.CharField(max_length=NAME_LENGTH, blank=True, default="")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["name", "id"], name="project_by_name"),  # forms that offer projects
            models.Index(Natural("name"), "id", name="project_in_order"),  # GET projects/?ordering=name
            models.Index(fields=["tenant", "id"], name="project_by_tenant"),  # GET projects/?tenant=, ?ordering=tenant
            models.Index(fields=["created_at", "id"], name="project_by_age"),
            *texts("project", "id", columns=("description", "managed_by")),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)
