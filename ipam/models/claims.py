import uuid

from django.db import models

from ipam.models.base import NAME_LENGTH, Record
from ipam.models.networks import Network
from ipam.models.projects import Project


class Claim(Record):
    """A name under which a controller holds an allocation: whoever asks by that name again gets the same addresses."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="claims", db_index=False, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="claims", editable=False)
    name = models.CharField(max_length=NAME_LENGTH, editable=False)
    allocation = models.UUIDField(unique=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                name="claim_once_per_name",
                fields=["network", "project", "name"],
                violation_error_message="Another request has just claimed by this name. Send it again.",
                violation_error_code="already_exists",
            ),
        ]

    def __str__(self) -> str:
        return self.name
