from typing import Self

from django.db import models
from django.db.models import F, Q

from ipam.addressing import Family
from ipam.models.base import FAMILIES, NAME_LENGTH, SLUG_LENGTH, Record
from ipam.models.feed import FeedReader
from ipam.models.indexes import by
from ipam.models.webhooks import Webhook

REASON_LENGTH = 500
VALUE_LENGTH = 45  # 2^128 in decimal digits, and three more after the point


class Watch(models.TextChoices):
    """What a rule looks at."""

    UTILIZATION = "utilization", "share of a family that is taken"
    DAYS_LEFT = "days_left", "days until a family is full"
    CHILDREN_LEFT = "children_left", "children that still fit"
    POOL = "pool", "numbers left in a pool"
    QUOTA = "quota", "share of a quota that is taken"
    FINDING = "finding", "a finding"


SHARES = (Watch.UTILIZATION, Watch.QUOTA)  # of these more is worse, of all other values less
_WORSE_UPWARDS = Q(watch__in=[str(one) for one in SHARES])


class AlertSeverity(models.TextChoices):
    INFO = "info", "info"
    WARNING = "warning", "warning"
    SERIOUS = "serious", "serious"


class AlertRule(Record):
    """When something is worth telling, of which objects, and whom to tell.

    `fire` and `clear` lie apart, so that a value that swings around one of them is told once.
    """

    name = models.CharField(max_length=NAME_LENGTH)
    watch = models.CharField(max_length=16, choices=Watch)
    code = models.CharField(max_length=32, blank=True, default="", help_text="of findings; empty for values")
    family = models.PositiveSmallIntegerField(choices=FAMILIES, null=True, blank=True, help_text="empty: both")
    scope = models.JSONField(default=dict, blank=True, help_text="type, partition, project, network, label; empty: all")
    fire = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True)
    clear = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True)
    severity = models.CharField(max_length=8, choices=AlertSeverity)
    mails = models.JSONField(default=list, blank=True, help_text="addresses that are told")
    webhooks = models.ManyToManyField(Webhook, blank=True, related_name="alert_rules", help_text="that are told")
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["created_at", "id"], name="alert_rule_by_age")]
        constraints = [
            models.CheckConstraint(
                name="alert_rule_has_what_it_watches",
                condition=Q(watch=Watch.FINDING.value, fire=None, clear=None) & ~Q(code="")
                | ~Q(watch=Watch.FINDING.value) & Q(code="", fire__isnull=False, clear__isnull=False),
                violation_error_message="A rule on a finding has its code, every other one has fire and clear.",
            ),
            models.CheckConstraint(
                name="alert_rule_clears_behind_fire",
                condition=Q(fire=None)
                | _WORSE_UPWARDS & Q(clear__lt=F("fire"))
                | ~_WORSE_UPWARDS & Q(clear__gt=F("fire")),
                violation_error_message="A rule clears where it is better than where it fires.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def destinations(self) -> list[str]:
        """Who is told, for people."""
        return [*(f"webhook {one}" for one in self.webhooks.all()), *self.mails]


class AlertQuerySet(models.QuerySet["Alert"]):
    def firing(self) -> Self:
        """Those that are not over."""
        return self.filter(state=Alert.State.FIRING)


class Alert(models.Model):
    """A rule has met an object: since when, how bad, and when it was over. What it is about is told by plain values."""

    class State(models.TextChoices):
        FIRING = "firing", "firing"
        CLEARED = "cleared", "cleared"

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="alerts", db_index=False)
    subject = models.CharField(max_length=200, help_text="what may have one open alert of a rule")
    kind = models.CharField(max_length=16)
    object_id = models.CharField(max_length=SLUG_LENGTH)
    object_name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    network_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty for none")
    project_id = models.UUIDField(null=True, blank=True, help_text="whose it is; empty: of the platform")
    family = models.PositiveSmallIntegerField(choices=FAMILIES, null=True, blank=True)
    severity = models.CharField(max_length=8, choices=AlertSeverity)
    state = models.CharField(max_length=8, choices=State, default=State.FIRING)
    value = models.CharField(max_length=VALUE_LENGTH, blank=True, default="", help_text="as it was last judged")
    threshold = models.CharField(max_length=VALUE_LENGTH, blank=True, default="")
    since = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(
        max_length=REASON_LENGTH, blank=True, default="", help_text="why it was acknowledged, snoozed or cleared"
    )
    acknowledged_by = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    is_shared = models.BooleanField(default=True, help_text="whoever sees the network sees it; or its project alone")
    is_told = models.BooleanField(default=False, help_text="somebody was told that it fires")

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]
        indexes = [
            models.Index(fields=["since", "id"], name="alert_by_age"),  # GET alerts/
            *by("alert", "since", "id", columns=("state", "severity", "rule", "kind")),
            models.Index(fields=["object_id", "since", "id"], name="alert_of_object"),
            models.Index(fields=["network_id", "since", "id"], name="alert_of_network"),
            models.Index(fields=["project_id", "since", "id"], name="alert_of_project"),
            models.Index(fields=["cleared_at"], name="alert_cleared", condition=Q(cleared_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="alert_open_once",
                fields=["rule", "subject"],
                condition=Q(state="firing"),
                violation_error_message="This already fires.",
                violation_error_code="already_exists",
            ),
            models.CheckConstraint(
                name="alert_cleared_has_its_time",
                condition=Q(state="firing", cleared_at=None) | Q(state="cleared", cleared_at__isnull=False),
                violation_error_message="An alert that was cleared says when.",
            ),
        ]

    def __str__(self) -> str:
        family = f", {Family(self.family).label}" if self.family else ""
        return f"{self.object_name or self.object_id}{family}"

    @property
    def name(self) -> str:
        """What the history calls it."""
        return str(self)

    @property
    def is_firing(self) -> bool:
        return self.state == self.State.FIRING


class AlertSnooze(models.Model):
    """Of what a rule says nothing is told until then, everywhere or in one network."""

    rule = models.ForeignKey(AlertRule, models.CASCADE, related_name="snoozes", db_index=False)
    network_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty: everywhere")
    until = models.DateTimeField()
    reason = models.CharField(max_length=REASON_LENGTH)
    by = models.CharField(max_length=NAME_LENGTH)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="alert_snooze_once",
                fields=["rule", "network_id"],
                violation_error_message="It is snoozed already.",
            )
        ]

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M}"


class AlertReader(FeedReader):
    """Up to where in the feed what has changed was judged; one row, made with the rules of an installation."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    has_begun = models.BooleanField(default=False, help_text="it has a place; before, surveys judge all")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="alert_reader_is_one", condition=Q(id=1), violation_error_message="There is one reader."
            )
        ]

    def __str__(self) -> str:
        return f"{self.feed_xid}.{self.feed_id}"


class Letter(models.Model):
    """A mail that waits to be sent, and whoever it is about waits for nothing."""

    address = models.CharField(max_length=NAME_LENGTH)
    subject = models.CharField(max_length=NAME_LENGTH)
    body = models.TextField()
    at = models.DateTimeField(help_text="when it was written")
    next_at = models.DateTimeField(help_text="not to be tried before; while it is being sent, until when")
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=REASON_LENGTH, blank=True, default="")

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["next_at"], name="letter_due")]

    def __str__(self) -> str:
        return self.subject
