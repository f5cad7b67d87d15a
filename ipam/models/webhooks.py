import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from ipam.labels import LABEL_LENGTH
from ipam.models.base import NAME_LENGTH, SLUG_LENGTH, Record
from ipam.models.feed import FeedReader

_SEALED_LENGTH = 500  # of a secret of 64 bytes, encrypted
ERROR_LENGTH = 500


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def with_waiting(self) -> Self:
        """Each with how many deliveries wait (`waiting`); counted for each row that is shown."""
        pending = Delivery.objects.pending().filter(webhook=OuterRef("pk")).order_by().values("webhook")
        counted = pending.annotate(number=Count("pk")).values("number")
        return self.annotate(waiting=Coalesce(Subquery(counted), 0))


class Webhook(FeedReader, Record):
    """A subscription: where events are sent to, which of them, and up to where they have been looked at.

    Networks, projects and partitions are plain values: those that go are in nobody's way, and never widen what is told.
    """

    name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    url = models.CharField(max_length=2000)
    types = models.JSONField(default=list, blank=True, help_text="such as address.release; empty: all")
    network_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty: any")
    project_id = models.UUIDField(null=True, blank=True, help_text="whose it is; empty: the platform's")
    partition_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty: any")
    label = models.CharField(max_length=LABEL_LENGTH, blank=True, default="", help_text="key or key=value; empty: any")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=ERROR_LENGTH, blank=True, default="", editable=False)

    secret = models.CharField(max_length=_SEALED_LENGTH, editable=False, help_text="sealed")
    old_secret = models.CharField(max_length=_SEALED_LENGTH, blank=True, default="", editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)

    last_success_at = models.DateTimeField(null=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False, help_text="empty after a success")
    is_failure_told = models.BooleanField(default=False, editable=False, help_text="somebody was told that it fails")

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["project_id", "name", "id"], name="webhook_of_project"),
            models.Index(fields=["failing_since"], name="webhook_failing", condition=Q(failing_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.shown_url

    @property
    def state(self) -> str:
        """`active`, `backing_off` after a failure until something succeeds, or `disabled`."""
        return "disabled" if not self.enabled else "backing_off" if self.failing_since else "active"

    @property
    def maker(self) -> User | None:
        """Who made it, or has stood for it since, while they may sign in; without one it is told nothing."""
        return self.made_by if self.made_by is not None and self.made_by.is_active else None

    @property
    def shown_url(self) -> str:
        """Where it leads, without the path: that of a chat is as good as a password."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}/…"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> Self:
        """Those that are still to be sent."""
        return self.filter(state=Delivery.State.PENDING)

    def waiting(self) -> Self:
        """Those that somebody will send: their webhook is not switched off."""
        return self.pending().filter(webhook__enabled=True)

    def due(self, moment: Any) -> Self:
        """Those whose time has come, of whose lane nothing is being sent, and nothing before them unfinished."""
        is_before = Q(event__lt=OuterRef("event")) | Q(event=None, pk__lt=OuterRef("pk"))
        lane = Delivery.objects.pending().filter(
            is_before | Q(leased_until__gt=moment),
            webhook=OuterRef("webhook"),
            kind=OuterRef("kind"),
            object_id=OuterRef("object_id"),
        )
        is_free = Q(leased_until=None) | Q(leased_until__lte=moment)
        return self.pending().filter(is_free, ~Exists(lane), next_at__lte=moment)


class Delivery(models.Model):
    """An event on its way to a webhook. Those of one object are a lane: one after the other, in the order of events."""

    class State(models.TextChoices):
        PENDING = "pending", "pending"
        DELIVERED = "delivered", "delivered"
        SET_ASIDE = "set_aside", "set aside"

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    event = models.BigIntegerField(null=True, help_text="empty: a test")
    message = models.UUIDField(default=uuid.uuid4, editable=False, help_text="what receivers know it by")
    type = models.CharField(max_length=40)
    kind = models.CharField(max_length=16, blank=True, default="")
    object_id = models.CharField(max_length=SLUG_LENGTH, blank=True, default="", help_text="empty: of several objects")
    body = models.BinaryField(null=True, help_text="as it was sent first; empty: not sent yet")
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    tried_before = models.PositiveIntegerField(default=0, help_text="attempts until it was sent anew by hand")
    next_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, help_text="until when somebody is sending it")
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True, default="")
    finished_at = models.DateTimeField(null=True, help_text="delivered or set aside")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["webhook", "id"], name="delivery_of_webhook"),  # GET webhooks/{id}/deliveries/
            models.Index(fields=["webhook", "state", "id"], name="delivery_by_state"),  # …?state=
            models.Index(fields=["webhook", "next_at", "id"], name="delivery_due", condition=Q(state="pending")),
            models.Index(
                fields=["webhook", "kind", "object_id", "id"], name="delivery_lane", condition=Q(state="pending")
            ),
            models.Index(fields=["finished_at"], name="delivery_oldest", condition=Q(finished_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="delivery_told_once",
                fields=["webhook", "event"],
                violation_error_message="The webhook has been told of this event already.",
                violation_error_code="already_exists",
            ),
            models.CheckConstraint(
                name="delivery_finished_or_pending",
                condition=Q(state="pending", finished_at__isnull=True)
                | Q(state__in=["delivered", "set_aside"], finished_at__isnull=False),
                violation_error_message="A delivery is pending, or it has been delivered or set aside at some time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event or ''}".strip()

    @property
    def delivered_at(self) -> Any:
        """When it was delivered; None if it has not been."""
        return self.finished_at if self.state == self.State.DELIVERED else None
