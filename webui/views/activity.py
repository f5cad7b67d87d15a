"""Who did what, when, through which door."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from ipam import errors
from ipam.domain.core import access, lookups, timelines
from ipam.domain.core.paging import DEFAULT_LIMIT
from ipam.domain.undo import undoing
from ipam.insight_filters import EventFilters
from ipam.links import link, page_of_event
from ipam.models import Alert, Event
from ipam.models.events import Door, Kind, Verb
from webui import choices, list_state
from webui.event_groups import grouped
from webui.pages import moment_of, render_page_or_part

FILTERS = ("q", "actor", "door", "verb", "kind", "network", "project", "object", "part_of")
_MAX_NEWS = 100
_UNDONE = {
    Verb.ALLOCATE: "Undone: {} released, free for others again",
    Verb.RELEASE: "Undone: {} held again, with all that it was",
    Verb.CARVE: "Undone: network {} deleted, its prefixes free again",
}


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The change history, newest first, filtered as one types."""
    filters = EventFilters(request.GET, queryset=access.visible(Event.objects.all()))
    events = filters.qs if filters.is_valid() else Event.objects.none()
    page = timelines.newest(events, limit=DEFAULT_LIMIT, cursor=request.GET.get("cursor", ""))
    context = {
        "section": "activity",
        "chosen": choices.shown({name: request.GET.get(name, "") for name in FILTERS}),
        "filters": filters,
        "page": page,
        "state": list_state.of_request(request, "activity"),
        "groups": grouped(with_links(page.rows)),
        "doors": Door.choices,
        "verbs": Verb.choices,
        "kinds": Kind.choices,
    }
    return render_page_or_part(request, "activity.html", context, part="table")


@login_required
def news(request: HttpRequest) -> HttpResponse:
    """How much has changed since a page was made, asked for while it is looked at; no content for none."""
    since = moment_of(request)
    later = access.visible(Event.objects.told()).filter(at__gt=since or timezone.now()).order_by("-at")
    count = later[:_MAX_NEWS].count()
    if not count:
        return HttpResponse(status=204)
    many = f"{count}{'+' * (count == _MAX_NEWS)}"
    return render(request, "components/news.html", {"many": many, "count": count, "page": _page_before(request)})


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo it, and go on where one was; without a question, for the undo can be undone."""
    event = lookups.get(Event, pk)
    try:
        undoing.undo(pk)
    except errors.PermissionDenied:
        raise
    except errors.IpamError as refusal:
        messages.error(request, refusal.detail)
        return redirect(_page_before(request) or "activity")
    messages.success(request, _UNDONE[Verb(event.verb)].format(event.title))
    return redirect(_page_after(request, event))


def _page_after(request: HttpRequest, event: Event) -> str:
    """The page that one comes from, unless that went with what was undone; else that of the network around."""
    before = _page_before(request)
    gone = {Verb.ALLOCATE: reverse("addresses"), Verb.CARVE: link("network", event.object_id)}.get(Verb(event.verb))
    if before and not (gone and before.startswith(gone)):
        return before
    network = event.changes["parent"][1] if event.verb == Verb.CARVE else event.network_id
    return link("network", network) if network else reverse("activity")


def _page_before(request: HttpRequest) -> str:
    """The page of this site that one comes from, as the browser tells; empty for none."""
    url = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}):
        return ""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def with_links(events: Iterable[Event]) -> list[tuple[Event, str]]:
    """Each with the page of what it is about, unless that went with it; an alert's with the name of its rule."""
    rows = list(events)
    keys = {event.object_id for event in rows if event.kind == Kind.ALERT}
    alerts = access.visible(Alert.objects.filter(pk__in=keys)) if keys else Alert.objects.none()
    rules = {str(pk): name for pk, name in alerts.order_by().values_list("pk", "rule__name")}
    for event in rows:
        if event.kind == Kind.ALERT:
            event.rule_name = rules.get(event.object_id, "")
    return [(event, page_of_event(event)) for event in rows]
