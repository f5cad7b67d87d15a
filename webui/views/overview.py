"""When does what run out, in which family?"""

from collections import defaultdict
from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access, timelines
from ipam.domain.insight import coverage, survey
from ipam.models import Event, Project, Quota
from ipam.models.events import Kind
from webui import heat, holdings, line_map, timetable
from webui.event_groups import grouped
from webui.listing import is_counted, shown_count
from webui.meters import humanize, units
from webui.pages import Context, asks_for_part, render_page_or_part
from webui.quota_meters import quota_meters
from webui.views.activity import with_links
from webui.views.history import due_first
from webui.work import counted

_SHOWN_ROWS, _SHOWN_PLACES, _SHOWN_CHANGES, _SHOWN_PROJECTS = 8, 10, 9, 20
_READ_EVENTS, _READ_ALERTS = 40, 200
_READ_FINDINGS = 24  # the worst, to name them


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """What runs out when; how far everything is dual-stack; what to mend, how full each place is, what changed.

    Who does not see everything gets their projects in the place of the platform.
    """
    if not access.current().sees_everything:
        return _mine(request)
    picture, rows = survey.overview(), due_first(by_partition=True)
    places = heat.places(picture, rows)
    context = {
        **_common(rows),
        "tracks": [_track(family, rows, picture) for family in Family],
        "network_count": sum(picture.counts.values()),
        "as_of": picture.as_of,
        "has_networks": bool(picture.networks),
        "places": places[:_SHOWN_PLACES],
        "more_places": len(places[_SHOWN_PLACES:]),
    }
    return render_page_or_part(request, "overview.html", context)


def _mine(request: HttpRequest) -> HttpResponse:
    visible = access.visible(Project.objects.order_by("name", "id"))
    projects = list(holdings.with_taken(visible, "project")[: _SHOWN_PROJECTS + 1])
    shown, rows = projects[:_SHOWN_PROJECTS], due_first()
    context = {
        **_common(rows),
        "tracks": [line_map.track(family, rows, left=family.label, total="") for family in Family],
        "projects": _held_by(shown) if shown else [],
        "more_projects": len(projects) > len(shown),
    }
    return render_page_or_part(request, "projects/mine.html", context)


def _common(rows: Sequence[timetable.Due]) -> Context:
    """What both overviews show: what runs out first, and what has changed."""
    return {
        "section": "overview",
        "title": timetable.sentence(rows),
        "now": timezone.now(),
        "rows": rows[:_SHOWN_ROWS],
        "ticks": line_map.ticks(),
        "groups": grouped(with_links(_changes()))[:_SHOWN_CHANGES],
    }


@login_required
def pairs(request: HttpRequest) -> HttpResponse:
    """How many allocations are pairs, in all and in each partition: a part of the overview."""
    if asks_for_part(request) and not coverage.is_quick():
        return render_page_or_part(request, "pairs.html", {"section": "overview"}, part="card")
    parts = coverage.by_partition()
    shares = sorted(((place or "everywhere", one) for place, one in parts.items()), key=lambda pair: pair[1].share)
    context = {"section": "overview", "whole": coverage.together(parts), "shares": shares[:6], "families": list(Family)}
    return render_page_or_part(request, "pairs.html", context, part="card")


@login_required
def work(request: HttpRequest) -> HttpResponse:
    """The findings by kind, worst first, with names of the worst: a part of the overview."""
    found = survey.current_findings()
    kinds = counted(found.numbers, found.findings[:_READ_FINDINGS])
    context = {"section": "findings", "kinds": kinds, "total": sum(one.count for one in kinds)}
    return render_page_or_part(request, "work.html", context, part="card")


def _track(family: Family, rows: Sequence[timetable.Due], picture: survey.Overview) -> line_map.Track:
    """The line of a family, with what is left of it in the networks that space is taken from."""
    left, total = picture.totals[family]
    if not total:
        return line_map.track(family, rows, left=family.label, total="")
    said = f"{humanize(left)} left" if family is Family.IPV4 else f"{units(family, left)} left"
    return line_map.track(family, rows, left=said, total=f"of {units(family, total)}")


def _changes() -> list[Event]:
    """The newest events, alerts apart from the rest, for a survey makes so many that nothing else would be seen; two
    statements.
    """
    told = access.visible(Event.objects.told())
    of_alerts, others = told.filter(kind=Kind.ALERT), told.exclude(kind=Kind.ALERT)
    pages = (timelines.newest(of_alerts, limit=_READ_ALERTS), timelines.newest(others, limit=_READ_EVENTS))
    return sorted((event for page in pages for event in page.rows), key=lambda one: (one.at, one.pk), reverse=True)


def _held_by(projects: Sequence[Project]) -> list[Context]:
    """What these projects have, and may have at most, with the pairs of those that are counted; three statements."""
    few = [one for one in projects if all(is_counted(holdings.taken(one, family)) for family in Family)]
    covered, quotas = coverage.by_project(few), defaultdict(list)
    for one in quota_meters(Quota.objects.filter(project__in=projects).select_related("network", "project")):
        quotas[one.quota.project_id].append(one)
    return [
        {
            "project": one,
            "pairs": covered[one.pk].pairs if one.pk in covered else 0 if one in few else None,
            "held": [(family, shown_count(holdings.taken(one, family))) for family in Family],
            "quotas": quotas[one.pk],
        }
        for one in projects
    ]
