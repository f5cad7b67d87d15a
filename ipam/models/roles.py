from django.conf import settings
from django.db import models
from django.db.models import Q

from ipam.models.projects import Project


class Role(models.TextChoices):
    """What somebody is: on the whole platform, or in one project. What that permits says `ipam.domain.core.access`."""

    OPERATOR = "operator", "operator"
    AUDITOR = "auditor", "auditor"
    OWNER = "owner", "owner"
    EDITOR = "editor", "editor"
    VIEWER = "viewer", "viewer"


PLATFORM_ROLES = (Role.OPERATOR, Role.AUDITOR)
PROJECT_ROLES = (Role.OWNER, Role.EDITOR, Role.VIEWER)


class RoleBinding(models.Model):
    """A user's role: on the platform, or as a member of a project."""

    class Source(models.TextChoices):
        LOCAL = "local", "given here"
        GROUP = "group", "of a group at the identity provider"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="role_bindings", db_index=False)
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="role_bindings")
    role = models.CharField(max_length=8, choices=Role)
    source = models.CharField(max_length=5, choices=Source, default=Source.LOCAL, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="role_once_per_project",
                fields=["user", "project"],
                violation_error_message="The user already has a role here. Change that one.",
                violation_error_code="already_exists",
            ),
            models.UniqueConstraint(
                name="role_once_on_the_platform",
                fields=["user"],
                condition=Q(project__isnull=True),
                violation_error_message="The user already has a role of the platform. Change that one.",
                violation_error_code="already_exists",
            ),
            models.CheckConstraint(
                name="role_fits_its_place",
                condition=Q(project__isnull=True, role__in=[str(role) for role in PLATFORM_ROLES])
                | Q(project__isnull=False, role__in=[str(role) for role in PROJECT_ROLES]),
                violation_error_message="Operators and auditors are of the platform, owners, editors and viewers of a "
                "project.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} {f'of {self.project}' if self.project_id else 'of the platform'}"

    @property
    def name(self) -> str:
        """Whose role it is."""
        return str(self.user.get_username())


class ServiceAccount(models.Model):
    """A user without a person: of one project, without a password, it works by tokens and goes with the project."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="service_account")
    project = models.ForeignKey(Project, models.CASCADE, related_name="service_accounts")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What it is called in its project."""
        return str(self.user.get_username()).rpartition("@")[0]
