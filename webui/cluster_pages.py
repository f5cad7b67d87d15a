"""What pages about a cluster show of it: what its plan holds, what is said of it, its machines."""

from ipam.addressing import Family
from ipam.domain.clusters import cautions, migration, rules
from ipam.domain.clusters.plan import Plan, capacity, plan_of
from ipam.domain.core import access
from ipam.models import Cluster
from webui.cluster_lanes import lanes
from webui.cluster_meters import concerns, outlook, verdict
from webui.meters import humanize
from webui.pages import Context

_SHOWN_MACHINES = 50


def shown(cluster: Cluster, plan: Plan, used: dict[Family, int]) -> Context:
    """What a plan holds, per family and together."""
    held, found = capacity(plan), concerns(cautions.of_cluster(cluster))
    return {
        "outlook": outlook(found),
        "verdict": verdict(held),
        "services": humanize(held.services),
        "concerns": found,
        "is_unannounced": bool(rules.unannounced(plan)),
        "lanes": lanes(plan, held, used),
    }


def planned(cluster: Cluster) -> Context:
    """A plan with all that its page shows, read while a dry run still holds it."""
    return {"cluster": cluster, **shown(cluster, plan_of(cluster), {})}


def machines(cluster: Cluster, *order: str) -> Context:
    """The first machines of the node network, each with the families that it has there."""
    found = list(access.visible(migration.nodes_of(cluster)).order_by(*order)[: _SHOWN_MACHINES + 1])
    return {"machines": found[:_SHOWN_MACHINES], "has_more_machines": len(found) > _SHOWN_MACHINES}
