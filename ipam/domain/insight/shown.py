"""Findings of the last survey, judged again when they are shown."""

from collections.abc import Sequence

from ipam.domain.insight import findings
from ipam.domain.insight.watching import OF_NETWORKS
from ipam.domain.space import utilization
from ipam.models import Finding, Network

MAX_JUDGED = 50  # of a page; a longer one is as of the survey


def judged_again(rows: Sequence[Finding]) -> list[Finding]:
    """These findings without what is better by now, and with what is so at this moment, in their order.

    That is what the use of networks says; all else is as it was surveyed. At most four statements, none without such.
    """
    keys = {one.network_id for one in rows if one.code in OF_NETWORKS and one.pk}
    if not keys or len(rows) > MAX_JUDGED:
        return list(rows)
    networks = list(Network.objects.filter(pk__in=keys))
    live = {one.key: one for one in findings.of_networks(networks, utilization.of_networks(networks))}
    current = (live.get(one.key) if one.code in OF_NETWORKS and one.pk else one for one in rows)
    return [one for one in current if one is not None]
