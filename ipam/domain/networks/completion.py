"""From one family to two: give the allocations that a network already holds their counterpart (rule 37)."""

import uuid
from dataclasses import dataclass, field

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.networks import acquisition
from ipam.models import FreeBlock, IPAddress, Network
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

    The new address shares the allocation's id, type, name, description, labels, project and machine. A batch
    holds or doesn't; repeat until `remaining` is 0, at any later time. When the family has too little room the
    batch completes what fits and names the rest.
    Invalid for another limit, NetworkNotUsable for a super network, FamilyNotInNetwork without a prefix of the family.
    """
    if not 1 <= limit <= MAX_PER_BATCH:
        raise errors.Invalid(f"limit is a number from 1 to {MAX_PER_BATCH}.", field="limit")
    current = lookups.get(Network, network.pk, lock=True)  # two batches at once would complete the same allocations
    access.require_change(current)
    _check_family(current, family)
    lacking = IPAddress.objects.filter(network=current).lacking(family)
    lowest = IPAddress.objects.filter(pk__in=lacking.values("pk")[:limit])
    batch = sorted(lookups.lock_all(lowest.order_by("pk")), key=lambda one: one.address)
    room = min(len(batch), _room(current, family, len(batch)))
    left = lacking.count() - room
    with labels_kept():
        completed = _give(current, family, batch[:room])
    history.record_addresses(Verb.COMPLETE, begun=completed)
    if room == len(batch):
        return Progress(completed, remaining=left)
    reason = errors.Exhausted(
        f"{family.label} of {current.pk} is full; {left:,} allocations have no {family.label} address. "
        f"Add an {family.label} prefix, then go on.",
        field="address_family",
    )
    return Progress(completed, remaining=0, refused=[Refused(one.allocation, reason) for one in batch[room:]])


def _check_family(network: Network, family: Family) -> None:
    if network.is_super:
        raise errors.NetworkNotUsable(f"{network.pk} is a super network: it holds no addresses to complete.")
    if not network.prefixes.filter(family=family).exists():
        raise errors.FamilyNotInNetwork(
            f"{network.pk} has no {family.label} prefix. Add one first, then complete its allocations.",
            field="address_family",
        )


def _give(network: Network, family: Family, lacking: list[IPAddress]) -> list[IPAddress]:
    if not lacking:
        return []
    taken = acquisition.acquire(network, [family], len(lacking))[family]
    return IPAddress.objects.bulk_create(
        IPAddress(
            address=one.address,
            family=family,
            network_id=network.pk,
            prefix_id=one.prefix_id,
            namespace_id=known.namespace_id,
            allocation=known.allocation,
            project_id=known.project_id,
            machine_id=known.machine_id,
            type=known.type,
            name=known.name,
            description=known.description,
            labels=known.labels,
        )
        for known, one in zip(lacking, taken, strict=True)
    )


def _room(network: Network, family: Family, enough: int) -> int:
    """How many addresses are free, counted no further than needed: 2^length per block, largest blocks first."""
    room = 0
    blocks = FreeBlock.objects.filter(network=network, family=family, namespace=None).order_by("length")
    for free in blocks.values_list("length", flat=True).iterator():
        room += 1 << (family.bits - free)
        if room >= enough:
            break
    return room
