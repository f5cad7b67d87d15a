from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

KEPT_FOR = timedelta(hours=24)
KEY_LENGTH = 255


def _day_ago() -> datetime:
    return timezone.now() - KEPT_FOR


class IdempotentResponseQuerySet(models.QuerySet["IdempotentResponse"]):
    def fresh(self) -> Self:
        """Those that are still given again."""
        return self.filter(at__gt=_day_ago())

    def expired(self) -> Self:
        """Those that count no more."""
        return self.filter(at__lte=_day_ago())


class IdempotentResponse(models.Model):
    """What a user was answered who named a request by a key: given again for a day when it is sent again.

    It comes with the transaction of the write that it answers, so neither is there without the other. Plain JSON
    text, for JSON columns would change the order of fields.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LENGTH)
    request = models.BinaryField(max_length=32, help_text="SHA-256 of method, address and body")
    status = models.PositiveSmallIntegerField(default=0)  # 0 only inside of the transaction that claims the key
    body = models.TextField(default="")
    at = models.DateTimeField(default=timezone.now)

    objects = IdempotentResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"], name="kept_answer_oldest")]  # forgetting what has expired
        constraints = [
            models.UniqueConstraint(
                name="kept_answer_once_per_key",
                fields=["user", "key"],
                violation_error_message="This key has been answered already.",
            ),
        ]

    def __str__(self) -> str:
        return self.key
