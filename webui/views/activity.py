"""Who did what, when, through which door."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from ipam.domain import timelines
from ipam.domain.paging import DEFAULT_LIMIT
from ipam.models import Event
from ipam.models.events import Door, Kind, Verb
from webui.pages import asked, show

FILTERS = ("actor", "door", "verb", "kind", "network_id", "project_id", "object_id")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The change history, newest first."""
    chosen = {name: asked(request, name) for name in FILTERS}
    page = timelines.newest(_narrowed(chosen), limit=DEFAULT_LIMIT, cursor=request.GET.get("cursor", ""))
    context = {
        "section": "activity",
        "chosen": chosen,
        "page": page,
        "doors": Door.choices,
        "verbs": Verb.choices,
        "kinds": Kind.choices,
    }
    return show(request, "activity.html", context, part="table")


def _narrowed(chosen: dict[str, str]) -> QuerySet[Any]:
    given = {name: value for name, value in chosen.items() if value}
    if "project_id" in given and not _is_uuid(given["project_id"]):
        return Event.objects.none()
    return Event.objects.filter(**given)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
