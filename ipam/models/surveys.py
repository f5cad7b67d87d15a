from django.db import models
from django.db.models import Q
from django.utils import timezone

from ipam.models.base import FAMILIES, NAME_LENGTH, SLUG_LENGTH
from ipam.models.networks import Network


class UtilizationSample(models.Model):
    """How full a family of a network was at the last survey: where a ranking of many networks begins.

    Exact use is a sum over free blocks, which nobody can compute for thousands of networks while a page loads.
    """

    network = models.ForeignKey(Network, models.CASCADE, related_name="samples", db_index=False)
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    utilization = models.FloatField(help_text="0..1")
    sampled_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["family", "-utilization"]
        indexes = [models.Index(fields=["family", "-utilization"], name="sample_fullest")]  # the overview
        constraints = [
            models.UniqueConstraint(
                name="sample_once_per_family",
                fields=["network", "family"],
                violation_error_message="Another survey has just been kept.",
            ),
            models.CheckConstraint(
                name="sample_utilization_is_a_share",
                condition=Q(utilization__gte=0, utilization__lte=1),
                violation_error_message="A utilization is between 0 and 1.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.network_id} IPv{self.family}: {self.utilization:.1%}"


class Finding(models.Model):
    """Something to look at. A small installation is looked at live; what is stored is of the last survey."""

    class Severity(models.IntegerChoices):
        SERIOUS = 1, "serious"
        WARNING = 2, "warning"
        INFO = 3, "info"

    code = models.CharField(max_length=32)
    severity = models.PositiveSmallIntegerField(choices=Severity)
    kind = models.CharField(max_length=16, help_text="network, address, machine, cluster, project, pool or survey")
    object_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="")
    object_name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    family = models.PositiveSmallIntegerField(choices=FAMILIES, null=True, blank=True)
    network_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty for none")
    project_id = models.UUIDField(null=True, blank=True, help_text="whose it is; empty: of the platform")
    sentence = models.CharField(max_length=500)

    # What one project has in a network, which others may see: the finding is that project's alone.
    SHARES = ("one_family_allocations", "one_family_machines")

    class Meta:
        ordering = ["severity", "code", "id"]
        indexes = [
            models.Index(fields=["severity", "id"], name="finding_worst"),  # GET findings/
            models.Index(fields=["project_id", "severity", "id"], name="finding_of_project"),  # what members see
            models.Index(fields=["network_id", "severity", "id"], name="finding_of_network"),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def place(self) -> str:
        """Where it stands in a list, worst first; no two have the same."""
        return f"{self.severity}:{self.code}:{self.kind}:{self.object_id}:{self.family or ''}:{self.project_id or ''}"
