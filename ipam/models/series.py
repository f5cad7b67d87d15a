from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from ipam.addressing import Family
from ipam.fields import CountField
from ipam.models.base import FAMILIES, SLUG_LENGTH

_OF_NETWORK = Q(project_id=None)


class SeriesQuerySet(models.QuerySet["Series"]):
    def open(self) -> Self:
        """Those of what is there."""
        return self.filter(ended=None)

    def of_networks(self) -> Self:
        """Those of networks that are there."""
        return self.open().filter(_OF_NETWORK)

    def with_date(self) -> Self:
        """Those of networks that run out on a day that can be said, soonest first."""
        return self.of_networks().filter(full_likely__isnull=False).order_by("full_likely", "id")


class Series(models.Model):
    """How much of a family a network has used over time, or how many of its addresses a project has.

    Ids are plain values: a series outlives what it is about. Whoever takes a freed id begins a new one. The last values
    of days and the forecast are kept, so that pages read no samples.
    """

    network_id = models.CharField(max_length=SLUG_LENGTH, default="", help_text="empty for a project's")
    project_id = models.UUIDField(null=True, help_text="empty for a network's")
    family = models.PositiveSmallIntegerField(choices=FAMILIES)
    since = models.DateTimeField(help_text="when the network or project was made")
    ended = models.DateTimeField(null=True, help_text="empty while the network or project is there")

    at = models.DateTimeField(help_text="since when the values hold")
    used = CountField()
    total = CountField(null=True, help_text="empty for a project's")
    available = CountField(null=True, help_text="what can still be taken; empty for a project's")
    used_prefixes = CountField(null=True, help_text="of a super network")
    available_prefixes = CountField(null=True, help_text="of a super network")
    utilization = models.FloatField(default=0.0, help_text="0..1")

    days_until = models.DateField(help_text="the UTC day with whose beginning `used_by_day` ends")
    used_by_day = models.JSONField(default=list, help_text="what was used as each UTC day began, at most 90")
    prefixes_by_day = models.JSONField(default=list, help_text="likewise the available prefixes of a super network")

    forecast_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, default="")
    per_day = models.FloatField(default=0.0)
    missing_days = models.PositiveSmallIntegerField(default=0)
    missing_changes = models.PositiveSmallIntegerField(default=0)
    full_earliest = models.DateField(null=True)
    full_likely = models.DateField(null=True)
    full_latest = models.DateField(null=True)
    at_95_earliest = models.DateField(null=True)
    at_95_likely = models.DateField(null=True)
    at_95_latest = models.DateField(null=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["family", "-utilization"], name="series_fullest", condition=Q(ended=None)),
            models.Index(fields=["full_likely", "id"], name="series_soonest", condition=Q(full_likely__isnull=False)),
            models.Index(fields=["forecast_at"], name="series_forecast_due", condition=Q(ended=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="series_once_per_network",
                fields=["network_id", "family"],
                condition=Q(ended=None, project_id=None),
                violation_error_message="Another survey has just been kept.",
            ),
            models.UniqueConstraint(
                name="series_once_per_project",
                fields=["project_id", "family"],
                condition=Q(ended=None, project_id__isnull=False),
                violation_error_message="Another survey has just been kept.",
            ),
            models.CheckConstraint(
                name="series_of_network_or_project",
                condition=Q(network_id="", project_id__isnull=False) | ~Q(network_id="") & Q(project_id=None),
                violation_error_message="A series is of a network or of a project.",
            ),
            models.CheckConstraint(
                name="series_utilization_is_a_share",
                condition=Q(utilization__gte=0, utilization__lte=1),
                violation_error_message="A utilization is between 0 and 1.",
            ),
        ]

    def __str__(self) -> str:
        return f"{Family(self.family).label} of {self.network_id or self.project_id}"

    @property
    def about(self) -> tuple[str, UUID | None, int]:
        """What it is of; one open series has it."""
        return self.network_id, self.project_id, self.family


class Sample(models.Model):
    """The values of a series from a moment on, kept where they differ from those before."""

    series = models.ForeignKey(Series, models.CASCADE, related_name="samples", db_index=False)
    at = models.DateTimeField()
    used = CountField()
    total = CountField(null=True)
    high = CountField(help_text="the highest use since the sample before")
    used_prefixes = CountField(null=True)
    available_prefixes = CountField(null=True)

    class Meta:
        ordering = ["series", "at"]
        constraints = [
            models.UniqueConstraint(
                name="sample_once_per_moment",
                fields=["series", "at"],
                violation_error_message="Another survey has just been kept.",
            ),
            models.CheckConstraint(
                name="sample_high_is_no_less",
                condition=Q(high__gte=F("used")),
                violation_error_message="The highest use is no less than the last one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.used} at {self.at:%Y-%m-%d %H:%M}"


class Survey(models.Model):
    """The last survey, of which there is one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField(help_text="when it looked")
    thinned_until = models.DateField(null=True, help_text="days before have one sample, or their month has")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="survey_is_one", condition=Q(id=1), violation_error_message="There is one last survey."
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
