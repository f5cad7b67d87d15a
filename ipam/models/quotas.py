import uuid

from django.db import models
from django.db.models import Q

from ipam.addressing import Family
from ipam.fields import CountField
from ipam.models.base import FAMILIES, Record
from ipam.models.indexes import by
from ipam.models.networks import Network
from ipam.models.projects import Project

_ONCE = "The project has such a quota already. Change its limit."


class Quota(Record):
    """How much of a family a project may have: everywhere, or in one network.

    `used` is a counter. It changes with the rows that it counts, in their transaction (`domain/networks/quotas.py`).
    """

    class Resource(models.TextChoices):
        ADDRESSES = "addresses", "addresses"
        NETWORKS = "networks", "child networks"
        SPACE = "space", "addresses in child prefixes"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="quotas", db_index=False, editable=False)
    network = models.ForeignKey(
        Network, models.CASCADE, null=True, blank=True, related_name="quotas", db_index=False, editable=False,
        help_text="Where the addresses are, or what children are carved from; empty for all networks.",
    )  # fmt: skip
    family = models.PositiveSmallIntegerField(choices=FAMILIES, editable=False)
    resource = models.CharField(max_length=9, choices=Resource, editable=False)
    limit = CountField()
    used = CountField(default=0, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["project", "id"], name="quota_of_project"),  # each charge; GET quotas/?project=
            *by("quota", "id", columns=("family", "resource"), optional=("network",)),  # GET quotas/?resource=…
            models.Index(fields=["created_at", "id"], name="quota_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="quota_once_per_network",
                fields=["project", "network", "family", "resource"],
                condition=Q(network__isnull=False),
                violation_error_message=_ONCE,
                violation_error_code="already_exists",
            ),
            models.UniqueConstraint(
                name="quota_once_per_project",
                fields=["project", "family", "resource"],
                condition=Q(network__isnull=True),
                violation_error_message=_ONCE,
                violation_error_code="already_exists",
            ),
            models.CheckConstraint(
                name="quota_family_known",
                condition=Q(family__in=[4, 6]),
                violation_error_message="A quota is of IPv4 or IPv6.",
            ),
            models.CheckConstraint(
                name="quota_resource_known",
                condition=Q(resource__in=["addresses", "networks", "space"]),
                violation_error_message="A quota is of addresses, networks or space.",
            ),
        ]

    def __str__(self) -> str:
        where = f" in {self.network}" if self.network_id else ""
        return f"{self.name}{where}"

    @property
    def name(self) -> str:
        """What it limits: `IPv4 addresses`."""
        return f"{Family(self.family).label} {self.get_resource_display()}"

    @property
    def address_family(self) -> Family:
        return Family(self.family)

    @property
    def has_series(self) -> bool:
        """Whether surveys keep how its use went: of a project's addresses in all networks."""
        return self.network_id is None and self.resource == self.Resource.ADDRESSES

    @property
    def about(self) -> tuple[uuid.UUID, str | None, int, str]:
        """What it is of; one quota is of it."""
        return self.project_id, self.network_id, self.family, self.resource
