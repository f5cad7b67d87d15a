"""From one family to two: give the allocations that a network already holds their counterpart (rule 37)."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from django.db.models import Q, QuerySet

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.networks import acquisition, quotas, sharing
from ipam.domain.space import cooling
from ipam.models import FreeBlock, IPAddress, Network, Quota
from ipam.models.base import labels_kept
from ipam.models.events import Verb

MAX_PER_BATCH = 1000


@dataclass(frozen=True)
class Refused:
    """An allocation that could not be completed, and why."""

    allocation: uuid.UUID
    reason: errors.IpamError


@dataclass(frozen=True)
class Progress:
    """What one batch did. `remaining` counts the allocations that a further batch can still complete."""

    completed: list[IPAddress]
    remaining: int
    refused: list[Refused] = field(default_factory=list)


@operation
def complete(network: Network, family: Family, *, limit: int = MAX_PER_BATCH) -> Progress:
    """Give up to `limit` (1..1000) allocations that lack `family` an address of it, lowest address first.

    The new address shares the allocation's id, type, name, description, labels, project and machines. A batch
    holds or doesn't; repeat until `remaining` is 0, at any later time. When the family has too little room, or a
    project's quota, the batch completes what fits and names up to `limit` of the rest, and of another system's.
    Invalid for another limit, NetworkNotUsable for a super network, FamilyNotInNetwork without a prefix of the family.
    """
    if not 1 <= limit <= MAX_PER_BATCH:
        raise errors.Invalid(f"limit is a number from 1 to {MAX_PER_BATCH}.", field="limit")
    current = lookups.get(Network, network.pk, lock=True)  # two batches at once would complete the same allocations
    access.require_change(current)
    _check_family(current, family)
    every = IPAddress.objects.filter(network=current).lacking(family)
    lacking = every.filter(_own())
    tightest = quotas.find_tightest(current, family)
    lowest = lacking.exclude(project__in=_used_up(tightest))[:limit]
    locked = lookups.lock_all(IPAddress.objects.filter(pk__in=lowest.values("pk")).order_by("pk"))
    lowest_first = sorted(locked, key=lambda one: one.address)
    fitting, exhausted = _fit(lowest_first, tightest, _room(current, family, len(locked)))
    with labels_kept():
        completed = _give(current, family, fitting)
    history.record_addresses(Verb.COMPLETE, begun=completed)
    quotas.charge(begun=completed, is_judged=True)
    left = lacking.exclude(project__in=_used_up(tightest)).count()
    refused = [*_refused_by_quotas(tightest, lacking, limit), *_refused_by_owner(every, limit)]
    if not exhausted:
        return Progress(completed, remaining=left, refused=refused)
    reason = _full(current, family, left)
    return Progress(completed, 0, refused=[*(Refused(one.allocation, reason) for one in exhausted), *refused])


def _full(network: Network, family: Family, left: int) -> errors.Exhausted:
    return errors.Exhausted(
        f"{family.label} of {network.pk} is full; {left:,} allocations have no {family.label} address. "
        f"Add an {family.label} prefix, then go on.",
        field="address_family",
    )


def _used_up(quotas_of: Mapping[uuid.UUID, Quota]) -> list[uuid.UUID]:
    """The projects whose quotas are."""
    return [project for project, quota in quotas_of.items() if quota.used >= quota.limit]


def _fit(
    lacking: Iterable[IPAddress], tightest: Mapping[uuid.UUID, Quota], room: int
) -> tuple[list[IPAddress], list[IPAddress]]:
    """Those whose counterpart quotas allow, and count: as many as there is room for, and the others."""
    fitting: list[IPAddress] = []
    exhausted: list[IPAddress] = []
    for one in lacking:
        quota = tightest.get(one.project_id)
        if quota and quota.used >= quota.limit:
            continue
        if len(fitting) == room:
            exhausted.append(one)
            continue
        fitting.append(one)
        if quota:
            quota.used += 1
    return fitting, exhausted


def _refused_by_quotas(
    tightest: Mapping[uuid.UUID, Quota], lacking: QuerySet[IPAddress], limit: int
) -> Iterator[Refused]:
    if used_up := _used_up(tightest):
        reasons = {project: quotas.refusal(tightest[project], 1) for project in used_up}
        for allocation, project in lacking.filter(project__in=used_up).values_list("allocation", "project")[:limit]:
            yield Refused(allocation, reasons[project])


def _own() -> Q:
    """Halves that no other system owns, nor the machine that has them."""
    return access.own() & (Q(machine=None) | access.own("machine__"))


def _refused_by_owner(lacking: QuerySet[IPAddress], limit: int) -> Iterator[Refused]:
    for one in lacking.exclude(_own()).select_related("machine")[:limit]:
        owner = one if one.machine is None or access.is_foreign(one) else one.machine
        yield Refused(one.allocation, access.managed_elsewhere(owner))


def _check_family(network: Network, family: Family) -> None:
    if network.is_super:
        raise errors.NetworkNotUsable(f"{network} is a super network: it holds no addresses to complete.")
    if not network.prefixes.filter(family=family).exists():
        raise errors.FamilyNotInNetwork(
            f"{network} has no {family.label} prefix. Add one first, then complete its allocations.",
            field="address_family",
        )


def _give(network: Network, family: Family, lacking: list[IPAddress]) -> list[IPAddress]:
    if not lacking:
        return []
    taken = acquisition.acquire(network, [family], len(lacking))[family]
    completed = IPAddress.objects.bulk_create(
        IPAddress(
            address=one.address,
            family=family,
            network_id=network.pk,
            prefix=one.prefix,
            namespace_id=known.namespace_id,
            allocation=known.allocation,
            project_id=known.project_id,
            machine_id=known.machine_id,
            cluster_id=known.cluster_id,
            type=known.type,
            shared=known.shared,
            name=known.name,
            description=known.description,
            labels=known.labels,
            tags=known.tags,
        )
        for known, one in zip(lacking, taken, strict=True)
    )
    sharing.copy_holders(zip(lacking, completed, strict=True))
    return completed


def _room(network: Network, family: Family, enough: int) -> int:
    """How many addresses are free, or cool and may be given, counted no further than needed: largest blocks first."""
    room = 0
    free = FreeBlock.objects.filter(network=network, family=family, namespace=None)
    blocks = (rows.order_by("length").values_list("length", flat=True) for rows in (free, cooling.of(network, family)))
    for length in chain.from_iterable(each.iterator() for each in blocks):
        room += 1 << (family.bits - length)
        if room >= enough:
            break
    return room
