from django.conf import settings
from django.db import models


class Identity(models.Model):
    """An account at an identity provider by which a user signs in.

    The provider gives a subject to one account for ever, which it promises of no name and no e-mail address
    (OpenID Connect Core 1.0, section 5.7).
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)  # the most that the standard allows (section 2)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                name="identity_once",
                fields=["issuer", "subject"],
                violation_error_message="This account of the provider belongs to a user. Unlink it there first.",
                violation_error_code="already_exists",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"
