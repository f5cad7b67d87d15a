from django.conf import settings
from django.db import models
from django.utils import timezone


class ApiToken(models.Model):
    """A bearer token of a user. Only its SHA-256 is kept: a token is 256 random bits, so no slow hash is needed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=255, blank=True, default="")
    digest = models.BinaryField(max_length=32, unique=True)
    is_read_only = models.BooleanField(default=False)
    projects = models.JSONField(default=list, blank=True, help_text="ids; empty: all projects of the user")
    networks = models.JSONField(default=list, blank=True, help_text="CIDRs that it may come from; empty: anywhere")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="empty: never")
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="to the minute")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
