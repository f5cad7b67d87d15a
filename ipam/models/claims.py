import uuid

from django.db import models
from django.db.models import Q

from ipam.models.base import LabelsField, Record, RecordQuerySet
from ipam.models.indexes import by
from ipam.models.networks import Network
from ipam.models.projects import Project
from ipam.natural import Natural

CLAIM_LENGTH = 317  # of Kubernetes: a namespace of 63 characters, a slash, and a name of 253


class ClaimQuerySet(RecordQuerySet["Claim"]):
    def with_text(self, text: str) -> "ClaimQuerySet":
        """Those whose name contains `text`, whatever its case: there is nothing else that people search by."""
        return self.filter(name__icontains=text)


class Claim(Record):
    """A name under which a controller holds an allocation, or a child of a super network: the same one each time.

    `network` is what it was taken from.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    network = models.ForeignKey(Network, models.PROTECT, related_name="claims", db_index=False, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="claims", db_index=False, editable=False)
    name = models.CharField(max_length=CLAIM_LENGTH, editable=False)
    allocation = models.UUIDField(null=True, unique=True, editable=False)
    child = models.OneToOneField(Network, models.PROTECT, null=True, related_name="claim", editable=False)
    labels = LabelsField(default=dict, blank=True)
    made = False  # whether the operation that gave it has taken anything

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            *by("claim", Natural("name"), "id", columns=("network", "project")),  # GET claims/?pool=, ?owner=
            models.Index(Natural("name"), "id", name="claim_in_order"),  # GET claims/
            models.Index("name", Natural("name"), "id", name="claim_by_name"),
            models.Index(fields=["created_at", "id"], name="claim_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="claim_of_allocation_or_child",
                condition=Q(allocation__isnull=False, child__isnull=True)
                | Q(allocation__isnull=True, child__isnull=False),
                violation_error_message="A claim holds an allocation, or a child network.",
            ),
            models.UniqueConstraint(
                name="claim_once_per_name",
                fields=["network", "project", "name"],
                violation_error_message="Another request has just claimed by this name. Send it again.",
                violation_error_code="already_exists",
            ),
        ]

    def __str__(self) -> str:
        return self.name
