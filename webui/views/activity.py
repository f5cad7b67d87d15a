"""Who did what, when, through which door."""

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ipam.domain.core import access, timelines
from ipam.domain.core.paging import DEFAULT_LIMIT
from ipam.filters import EventFilters
from ipam.models import Event
from ipam.models.events import Door, Kind, Verb
from webui.pages import render_page_or_part

FILTERS = ("q", "actor", "door", "verb", "kind", "network", "project", "object", "part_of")
_PAGES = {"network": "network", "machine": "machine", "cluster": "cluster"}
_SECTIONS = {"project": "projects", "partition": "partitions", "vrf": "vrfs"}
_GONE = {Verb.DELETE, Verb.RELEASE}


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The change history, newest first, filtered as one types."""
    filters = EventFilters(request.GET, queryset=access.visible(Event.objects.all()))
    events = filters.qs if filters.is_valid() else Event.objects.none()
    page = timelines.newest(events, limit=DEFAULT_LIMIT, cursor=request.GET.get("cursor", ""))
    context = {
        "section": "activity",
        "chosen": {name: request.GET.get(name, "") for name in FILTERS},
        "filters": filters,
        "page": page,
        "events": with_links(page.rows),
        "doors": Door.choices,
        "verbs": Verb.choices,
        "kinds": Kind.choices,
    }
    return render_page_or_part(request, "activity.html", context, part="table")


def with_links(events: Iterable[Event]) -> list[tuple[Event, str]]:
    """Each with the page of what it is about, unless that went with it."""
    return [(event, _page_of(event)) for event in events]


def _page_of(event: Event) -> str:
    if event.verb in _GONE or not event.object_id:
        return ""
    if event.kind in _PAGES:
        return reverse(_PAGES[event.kind], args=[event.object_id])
    if event.kind in _SECTIONS:
        return reverse("registry-detail", args=[_SECTIONS[event.kind], event.object_id])
    return f"{reverse('addresses')}?allocation={event.object_id}" if event.kind == Kind.ADDRESS else ""
