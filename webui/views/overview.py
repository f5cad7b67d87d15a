"""Where is space running out, and in which family?"""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from ipam.addressing import Family
from ipam.domain.core import access, timelines
from ipam.domain.insight import survey
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Event, Network
from webui.meters import family_pair, meters, summary
from webui.pages import Context, render_page_or_part
from webui.views.activity import with_links as with_event_links
from webui.views.findings import with_links

_SHOWN_FINDINGS, _SHOWN_EVENTS = 6, 8


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """What runs out first per family, what to look at, and per partition the networks that space is taken from."""
    picture = survey.overview()
    context = {
        "section": "overview",
        "ranking": [(family, _meters(picture.fullest[family])) for family in Family],
        "findings": with_links(picture.findings[:_SHOWN_FINDINGS]),
        "finding_count": len(picture.findings) if len(picture.findings) < survey.MAX_FINDINGS else None,
        "as_of": picture.as_of,
        "partitions": [
            (partition, [_row(network, picture) for network in group])
            for partition, group in groupby(picture.roots, key=lambda network: network.partition)
        ],
        "more": picture.more_roots,
        "events": with_event_links(timelines.newest(access.visible(Event.objects.told()), limit=_SHOWN_EVENTS).rows),
    }
    return render_page_or_part(request, "overview.html", context)


def _meters(ranked: list[tuple[Network, FamilyUse]]) -> list[Context]:
    return [{"network": network, "meter": meters(network, [use])[0]} for network, use in ranked]


def _row(network: Network, picture: survey.Overview) -> Context:
    uses = picture.uses[network.pk]
    return {
        "network": network,
        "family_pair": family_pair(network, uses),
        "verdict": summary(uses, is_super=network.is_super),
    }
