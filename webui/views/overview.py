"""Where is space running out, and in which family?"""

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from ipam.domain import consumption
from ipam.models import Network
from ipam.models.networks import CHILD_TYPES, NetworkType
from webui.meters import WARN, twins, verdict
from webui.pages import show

MOST_NETWORKS = 40


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Per partition the networks that space is taken from, with both families side by side."""
    roots = Network.objects.exclude(type__in=[*CHILD_TYPES, NetworkType.UNDERLAY])
    networks = list(roots.select_related("partition").order_by("partition", "-type", "id")[: MOST_NETWORKS + 1])
    uses = consumption.of_networks(networks[:MOST_NETWORKS])
    rows = [
        {
            "network": network,
            "twins": twins(network, uses[network.pk]),
            "verdict": verdict(uses[network.pk], is_super=network.is_super),
        }
        for network in networks[:MOST_NETWORKS]
    ]
    pressing = sorted(
        (
            (meter, row["network"])
            for row in rows
            for meter in row["twins"]
            if meter is not None and meter.use.utilization >= WARN
        ),
        key=lambda pair: -pair[0].use.utilization,
    )
    context = {
        "section": "overview",
        "partitions": [
            (partition, list(group)) for partition, group in groupby(rows, key=lambda row: row["network"].partition)
        ],
        "pressing": pressing[:10],
        "more": len(networks) > MOST_NETWORKS,
    }
    return show(request, "overview.html", context)
