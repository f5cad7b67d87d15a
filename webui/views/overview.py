"""When does what run out, in which family?"""

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access, timelines
from ipam.domain.insight import coverage, series, survey
from ipam.models import Event, Network, Project
from webui import heat, line_map, timetable
from webui.meters import humanize, units
from webui.pages import Context, render_page_or_part
from webui.views.activity import with_links
from webui.views.history import due_first
from webui.work import counted

_SHOWN_ROWS, _READ_ROWS, _SHOWN_EVENTS, _SHOWN_PROJECTS = 8, 24, 8, 20


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """What runs out when; how far everything is dual-stack; what to mend, how full each place is, what changed."""
    picture, rows = survey.overview(), due_first(_READ_ROWS)
    count = sum(picture.counts.values())
    projects = [] if access.current().sees_everything else _projects()
    context = {
        "section": "overview",
        "title": timetable.sentence(rows),
        "now": timezone.now(),
        "rows": rows[:_SHOWN_ROWS],
        "ticks": line_map.ticks(),
        "tracks": [_track(family, rows, picture) for family in Family],
        "network_count": count,
        "shown": len(picture.networks) if count > len(picture.networks) else None,
        "as_of": picture.as_of,
        "has_networks": bool(picture.networks or projects),
        "places": heat.places(picture, rows),
        "projects": projects,
        "events": with_links(timelines.newest(access.visible(Event.objects.told()), limit=_SHOWN_EVENTS).rows),
    }
    return render_page_or_part(request, "overview.html", context)


@login_required
def pairs(request: HttpRequest) -> HttpResponse:
    """How many allocations are pairs, in all and in each partition: a part of the overview."""
    parts = coverage.by_partition()
    shares = sorted(((place or "everywhere", one) for place, one in parts.items()), key=lambda pair: -pair[1].share)
    context = {"section": "overview", "whole": coverage.together(parts), "shares": shares[:6], "families": list(Family)}
    return render_page_or_part(request, "pairs.html", context, part="card")


@login_required
def work(request: HttpRequest) -> HttpResponse:
    """The findings by kind, worst first: a part of the overview."""
    kinds = counted(survey.count_findings())
    context = {"section": "findings", "kinds": kinds, "total": sum(one.count for one in kinds)}
    return render_page_or_part(request, "work.html", context, part="card")


def _track(family: Family, rows: Sequence[timetable.Due], picture: survey.Overview) -> line_map.Track:
    """The line of a family, with what is left of it in the networks that space is taken from."""
    uses = [use for network in _taken_from(picture) for use in picture.uses[network.pk] if use.family is family]
    total, left = sum(use.takeable_ips for use in uses), sum(use.available_ips for use in uses)
    if picture.is_cut or not uses:
        return line_map.track(family, rows, left=family.label, total="")
    said = f"{humanize(left)} left" if family is Family.IPV4 else f"{units(family, left)} left"
    return line_map.track(family, rows, left=said, total=f"of {units(family, total)}")


def _taken_from(picture: survey.Overview) -> list[Network]:
    return [network for network in picture.networks if not network.is_child]


def _projects() -> list[Context]:
    """The caller's projects, with how many addresses of each family they have; one statement."""
    shown = access.visible(Project.objects.order_by("name", "id"))[:_SHOWN_PROJECTS]
    counted = series.with_addresses(Project.objects.filter(pk__in=shown.values("pk"))).order_by("name", "id")
    return [
        {"project": one, "held": [(family, series.addresses_of(one, family)) for family in Family]} for one in counted
    ]
