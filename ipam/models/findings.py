from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from ipam.addressing import Family
from ipam.models.alerts import REASON_LENGTH
from ipam.models.base import FAMILIES, NAME_LENGTH, SLUG_LENGTH
from ipam.models.indexes import by
from ipam.models.networks import Network
from ipam.models.projects import NO_NAMESPACE

OF_MIRRORS = ("mirror_drift", "mirror_leak", "mirror_leak_here", "mirror_failing", "mirror_old")
CODES = frozenset(
    {
        *("family_nearly_full", "no_child_fits", "few_children_left", "one_family_allocations", "one_family_machines"),
        *(
            "only_cooling_left",
            "unused_static",
            "firewall_without_underlay",
            "project_without_networks",
            "pool_nearly_empty",
        ),
        *("pods_not_announcable", "one_family_nodes", "nodes_nearly_full"),
        *("same_range_other_vrf", "differs_from_document"),
        *("webhook_failing", "webhook_disabled", "mail_failing"),
        *OF_MIRRORS,
    }
)
NO_FAMILY = 0  # stands for “none” where keys are compared


class FindingQuerySet(models.QuerySet["Finding"]):
    def marked(self, is_so: bool = True) -> Self:
        """Those that somebody has snoozed or accepted, or all others."""
        return self.filter(Exists(_marks_in_force()) if is_so else ~Exists(_marks_in_force()))


def _marks_in_force() -> models.QuerySet["FindingMark"]:
    same: dict[str, Any] = {name: OuterRef(name) for name in ("code", "kind", "object_id")}
    same["family"] = Coalesce(OuterRef("family"), NO_FAMILY)
    whose = Q(project_id=NO_NAMESPACE) | Q(project_id=OuterRef("project_id"))
    return FindingMark.objects.in_force().filter(whose, **same)


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
    # What is not for everybody who sees the network that it is about: those, and what mirrors tell the platform.
    NOT_FOR_ALL = (*SHARES, *OF_MIRRORS)

    mark: "FindingMark | None" = None  # what somebody has said of it, once that was asked for
    network: Network | None = None  # that it is about, or in, where that is at hand

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["severity", "code", "id"]
        indexes = [
            models.Index(fields=["severity", "id"], name="finding_worst"),  # GET findings/
            *by("finding", "severity", "id", columns=("code", "kind")),
            models.Index(fields=["project_id", "severity", "id"], name="finding_of_project"),  # what members see
            models.Index(fields=["network_id", "severity", "id"], name="finding_of_network"),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def severity_word(self) -> str:
        return self.Severity(self.severity).label

    @property
    def until(self) -> datetime | None:
        """When it is shown again, if somebody has snoozed it."""
        return self.mark.until if self.mark else None

    @property
    def reason(self) -> str | None:
        """Why somebody has snoozed or accepted it."""
        return self.mark.reason if self.mark else None

    @property
    def key(self) -> str:
        """What stays the same from survey to survey."""
        return f"{self.code}:{self.kind}:{self.object_id}:{Family(self.family).key if self.family else ''}"

    @property
    def marked_as(self) -> tuple[object, ...]:
        """The columns of the mark that it would have."""
        whose = self.project_id if self.code in self.SHARES else NO_NAMESPACE
        return self.code, self.kind, self.object_id, self.family or NO_FAMILY, whose

    @property
    def place(self) -> str:
        """Where it stands in a list, worst first; no two have the same."""
        return f"{self.severity}:{self.code}:{self.kind}:{self.object_id}:{self.family or ''}:{self.project_id or ''}"


class FindingMarkQuerySet(models.QuerySet["FindingMark"]):
    def in_force(self) -> Self:
        """Those whose time is not over."""
        return self.filter(Q(until=None) | Q(until__gt=timezone.now()))

    def keys(self) -> set[tuple[object, ...]]:
        """What is marked now, as `Finding.marked_as` has it; one statement."""
        return set(self.in_force().values_list(*FindingMark.COLUMNS))


class FindingMark(models.Model):
    """Somebody has said why a finding need not be shown: until then, or for good."""

    COLUMNS = ("code", "kind", "object_id", "family", "project_id")

    code = models.CharField(max_length=32)
    kind = models.CharField(max_length=16)
    object_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="")
    family = models.PositiveSmallIntegerField(default=NO_FAMILY)
    project_id = models.UUIDField(default=NO_NAMESPACE, help_text="where projects have findings of their own; or none")
    until = models.DateTimeField(null=True, blank=True, help_text="empty: it is accepted")
    reason = models.CharField(max_length=REASON_LENGTH)
    by = models.CharField(max_length=NAME_LENGTH)

    objects = FindingMarkQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="finding_mark_once",
                fields=["code", "kind", "object_id", "family", "project_id"],
                violation_error_message="Somebody has just marked this finding.",
            )
        ]

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M}" if self.until else "accepted"

    @property
    def about(self) -> tuple[object, ...]:
        """What it marks, as `Finding.marked_as` has it."""
        return tuple(getattr(self, name) for name in self.COLUMNS)
