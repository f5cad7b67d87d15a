from django.conf import settings
from django.db import models
from django.db.models import Q


class ListPage(models.TextChoices):
    """The lists of which views are saved, by the names of their URLs."""

    NETWORKS = "networks"
    ADDRESSES = "addresses"
    MACHINES = "machines"
    CLUSTERS = "clusters"
    CLAIMS = "claims"
    ACTIVITY = "activity"
    PROJECTS = "projects"
    PARTITIONS = "partitions"
    VRFS = "vrfs"


class SavedView(models.Model):
    """A list as one person likes to see it: filters, order, columns and density, as the query of its URL."""

    NAME_LENGTH, QUERY_LENGTH = 60, 1000

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views", db_index=False)
    page = models.CharField(max_length=10, choices=ListPage)
    name = models.CharField(max_length=NAME_LENGTH)
    query = models.CharField(max_length=QUERY_LENGTH, blank=True, default="", help_text="of the URL, without “?”")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(  # whose index also finds the views of a page
                name="saved_view_once_per_name",
                fields=["owner", "page", "name"],
                violation_error_message="You have a view of this name here. Choose another name, or delete that one.",
                violation_error_code="already_exists",
            ),
            models.CheckConstraint(
                name="saved_view_has_a_name",
                condition=~Q(name=""),
                violation_error_message="A view has a name of 1 to 60 characters. Type one.",
            ),
            models.CheckConstraint(
                name="saved_view_of_a_page",
                condition=Q(page__in=ListPage.values),
                violation_error_message="A view is of a list of the dashboard.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
