"""Gardener runs the control planes of shoots in a seed, and routes to both: of IPv6 their ranges have to differ.

IPv4 ranges that overlap the seed's are mapped to others (pkg/utils/validation/cidr of gardener/gardener 1.150). Whoever
owns a shoot need not see its seed, nor the other way round: what they do not see is judged, and not named to them.
"""

import itertools
from collections.abc import Iterator

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters.plan import Plan, plan_of
from ipam.domain.core import access
from ipam.models import Cluster
from ipam.models.clusters import ClusterQuerySet
from ipam.wording import count_of, them


def lock(seed: Cluster | None) -> None:
    """Let a seed stay as it is until the transaction ends, before its shoot is judged."""
    if seed is not None:
        list(Cluster.objects.filter(pk=seed.pk).order_by().select_for_update(no_key=True).values_list("pk"))


def violations(cluster: Cluster, wanted: Plan) -> Iterator[errors.IpamError]:
    """What IPv6 of a plan is its seed's too, or that of the shoots whose seed it is."""
    if cluster.seed_id is not None:
        seeds = Cluster.objects.filter(is_seed=True).exclude(state=Cluster.State.RELEASED).exclude(pk=cluster.pk)
        seed = seeds.with_plan().filter(pk=cluster.seed_id).first()
        if seed is None:
            named = cluster.seed if cluster.seed and access.sees(cluster.seed) else "What is named as its seed"
            yield errors.Invalid(f"{named} is no seed of another cluster. Name one with is_seed.", field="seed")
            return
        yield from _overlaps(wanted, seed, "seed")
    if cluster.is_seed and not cluster._state.adding:
        for shoot in _shoots(cluster).with_plan():
            yield from _overlaps(wanted, shoot, "shoot")


def check_no_shoots(cluster: Cluster) -> None:
    """InUse while shoots that are not released themselves have this cluster as their seed."""
    if cluster.is_seed and (count := _shoots(cluster).count()):
        raise errors.InUse(
            f"{cluster} is the seed of {count_of(count, 'cluster')}. Give {them(count)} another one, or "
            f"release {them(count)} first."
        )


def _shoots(seed: Cluster) -> ClusterQuerySet:
    return Cluster.objects.filter(seed=seed.pk).exclude(state=Cluster.State.RELEASED)


def _overlaps(wanted: Plan, other: Cluster, what: str) -> Iterator[errors.IpamError]:
    theirs = list(plan_of(other).ranges_of(Family.IPV6))
    for (field, cidr), (name, held) in itertools.product(wanted.ranges_of(Family.IPV6), theirs):
        if cidr in held or held in cidr:
            whose = f"{held}, the {name} of the {what} {other}" if access.sees(other) else f"a range of its {what}"
            yield errors.Overlap(
                f"{field} {cidr} overlaps {whose}: Gardener cannot tell IPv6 apart there. Choose space outside of it.",
                field=field,
            )
