"""What has to be true of stored plans of clusters."""

from collections.abc import Iterator

from ipam.domain.core.checks import Finding, check
from ipam.domain.space import reservations
from ipam.models import Cluster


@check
def violations_of_clusters() -> Iterator[Finding]:
    """A reserved cluster has pods and services of each family, reserved where its node network comes from."""
    for cluster in Cluster.objects.with_plan():
        if not set(cluster.address_families) == cluster.pods.keys() == cluster.services.keys():
            yield Finding(f"Cluster {cluster}: it has not one range of pods and services for each family.")
        reserved = reservations.columns(cluster)
        for one in cluster.ranges.all():
            if any(getattr(one, name) != value for name, value in reserved.items()):
                yield Finding(f"Cluster {cluster}: it is {cluster.state}, but its {one.purpose} {one} are not so.")
