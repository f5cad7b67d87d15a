"""Further ranges of services for a cluster that runs: ServiceCIDRs (networking.k8s.io/v1), since Kubernetes 1.33.

https://kubernetes.io/docs/tasks/network/extend-service-ip-ranges/
"""

from netaddr import IPNetwork

from ipam import errors
from ipam.domain.clusters import lifecycle, planning
from ipam.domain.clusters.plan import Ranges
from ipam.domain.core import history
from ipam.domain.core.operations import operation
from ipam.models import Cluster
from ipam.models.events import Verb


@operation
def add(cluster: Cluster, services: Ranges) -> Cluster:
    """Let a reserved cluster have further services, one range of each of these families, judged like the first ones.

    WrongState unless it is reserved, VersionNotSupported before Kubernetes 1.33, else whatever the ranges break.
    """
    current = _lock(cluster)
    if not services:
        raise errors.Invalid("Name a range for a family.", field="services")
    return _change(current, [*current.service_cidrs, *services.values()])


@operation
def remove(cluster: Cluster, cidr: IPNetwork) -> Cluster:
    """Take a further range of services away, which others may have then; NotFound for what is none."""
    current = _lock(cluster)
    if cidr not in current.service_cidrs:
        raise errors.NotFound(f"{cidr} is no further range of services of {current}.", field="prefix")
    return _change(current, [one for one in current.service_cidrs if one != cidr])


def _lock(cluster: Cluster) -> Cluster:
    current = planning.lock(cluster)
    if not current.is_reserved:
        raise errors.WrongState(
            f"{current} is {current.state}: a cluster that runs gains services, so reserve it first."
        )
    return current


def _change(current: Cluster, cidrs: list[IPNetwork]) -> Cluster:
    before = lifecycle.state(current)
    current = planning.save_plan(current, planning.with_changes(current, {"service_cidrs": cidrs}))
    history.record(Verb.UPDATE, current, before=before, after=lifecycle.state(current))
    return current
