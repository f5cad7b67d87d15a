"""Addresses out of free space and back, inside operations that have asked who may."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils import timezone
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family, host
from ipam.domain.core import access, lookups, writes
from ipam.domain.networks import address_rules
from ipam.domain.space import allocator, free_space, releasing, usable_space
from ipam.models import IPAddress, Network, Prefix
from ipam.models.columns import columns

_MAX_AT_ONCE = 100  # addresses of as many prefixes: each may merge with many blocks


def take(network: Network, **wanted: Any) -> list[IPAddress]:
    """Take addresses, as `draw` does, and store them."""
    rows = draw(network, **wanted)
    writes.insert(rows)
    return rows


def draw(
    network: Network,
    *,
    families: Sequence[Family] = (),
    addresses: Sequence[Address] = (),
    count: int = 1,
    within: Prefix | None = None,
    **shared: Any,
) -> list[IPAddress]:
    """Take addresses inside an operation that has checked who asks, and will store them.

    `shared` are the columns they have in common. Beside named `addresses`, `families` are those of which the lowest
    free address is taken too. Those that are not named lie `within` a prefix, if one is given.
    """
    if addresses:
        taken = _take_named(network, addresses, families, shared["project_id"])
    else:
        taken = acquire(network, families, count, within)
    return rows_of(network, taken, **shared)


def rows_of(
    network: Network, taken: Mapping[Family, Sequence[allocator.Taken | None]], **shared: Any
) -> list[IPAddress]:
    """New rows, not stored: allocation by allocation one of each family; what is None lacks address and prefix."""
    allocations = [uuid.uuid4() for _ in next(iter(taken.values()), ())]
    now = timezone.now()
    alike = {"created_at": now, "updated_at": now, "network_id": network.pk, "namespace_id": network.namespace_id}
    rows = []
    for allocation, *group in zip(allocations, *taken.values(), strict=True):
        for family, one in zip(taken, group, strict=True):
            row = columns(IPAddress).new(family=int(family), allocation=allocation, **alike, **shared)
            if one is not None:
                row.address, row.prefix = one.address, one.prefix
            rows.append(row)
    return rows


def acquire(
    network: Network, families: Sequence[Family], count: int, within: Prefix | None = None
) -> dict[Family, list[allocator.Taken]]:
    """The lowest `count` free addresses of each of these families, or of every family that the network has (22, 23).

    `Exhausted` names the first family that has fewer, `FamilyNotInNetwork` one that the network does not have.
    """
    taken = allocator.acquire_addresses(network, families or network.allowed_families, count, within=within)
    missing = [family for family in families or ([] if taken else network.allowed_families) if family not in taken]
    full = [family for family, found in taken.items() if len(found) < count]
    if missing or full:
        lookups.get(Network, network.pk, field="network")  # whoever waited for its blocks may find it gone
        raise (
            address_rules.without_family(network, missing[0])
            if missing
            else address_rules.exhausted(network, full[0], count)
        )
    return taken


def _take_named(
    network: Network, addresses: Iterable[Address], others: Iterable[Family], project_id: UUID
) -> dict[Family, list[allocator.Taken]]:
    """Take just these addresses, at most one of each family, and the lowest free one of each of the `others`.

    Family by family, as all locks go: the later one may wait while the earlier one is held.
    """
    prefixes = list(network.prefixes.in_order())
    named = {Family.of(address): address for address in addresses}
    return {
        family: [_take_one(network, prefixes, named[family], project_id)]
        if family in named
        else acquire(network, [family], 1)[family]
        for family in sorted({*named, *others})
    }


def _take_one(network: Network, prefixes: Sequence[Prefix], address: Address, project_id: UUID) -> allocator.Taken:
    """Take just this address, or say why not (rules 4a, 24 and 25)."""
    prefix = next((prefix for prefix in prefixes if address in prefix.cidr), None)
    if prefix is None:
        raise address_rules.not_in_prefix(address, network, prefixes)
    errors.raise_all(list(usable_space.violations_of_address(address)))
    if address in prefix.ends:
        raise address_rules.reserved(address, prefix)

    def find_holder() -> errors.IpamError | None:
        holder = IPAddress.objects.filter(address=address, namespace=network.namespace_id).first()
        if holder is None and Prefix.objects.filter(pk=prefix.pk, gateway=address).exists():
            return errors.Busy(f"{address} has just become the gateway of {prefix}. Send it again.")
        return address_rules.taken(address, holder) if holder else None

    if address == prefix.gateway and _lock_gateway(prefix) == address:
        if (held := IPAddress.objects.filter(prefix=prefix, address=address).first()) is not None:
            raise address_rules.taken(address, held)
        return allocator.Taken(prefix, address)
    allocator.acquire_exactly(prefix, host(address), find_holder=find_holder, field="ip", project_id=project_id)
    return allocator.Taken(prefix, address)


def _lock_gateway(prefix: Prefix) -> Address | None:
    """The gateway of a prefix, which stays so until the transaction ends, and which nobody else takes or gives back."""
    return Prefix.objects.select_for_update(no_key=True).values_list("gateway", flat=True).filter(pk=prefix.pk).first()


def other_families(network: Network, addresses: Iterable[Address]) -> list[Family]:
    """The families of the network that none of these addresses is of."""
    present = network.prefixes.order_by().values_list("family", flat=True).distinct()
    return sorted({Family(family) for family in present} - {Family.of(address) for address in addresses})


def give_back(addresses: Sequence[IPAddress], *, with_prefixes: bool = False) -> None:
    """Delete locked addresses and return them to free space, in the order that all locks keep: one of each prefix at
    once, else prefix by prefix.

    `with_prefixes` says that those are known and locked too (`held_rows`).
    """
    access.require_own(*addresses)
    if held := [address for address in addresses if address.machine_id]:
        prefetch_related_objects(held, "machine")
        errors.raise_all(list(map(address_rules.of_machine, held)))
    if addresses and len({address.prefix_id for address in addresses}) == len(addresses) <= _MAX_AT_ONCE:
        if not with_prefixes:
            _lock_prefixes(addresses)
        keys = [columns(IPAddress).stored_key(address.pk) for address in addresses]
        writes.execute(f"DELETE FROM ipam_ipaddress WHERE id IN ({', '.join(['%s'] * len(keys))})", keys)  # noqa: S608
        releasing.release([(one.prefix, one.address) for one in addresses if not one.prefix.sets_aside])
        free([one for one in addresses if one.prefix.sets_aside])
        return
    IPAddress.objects.filter(pk__in=[address.pk for address in addresses]).delete()
    free(addresses)


def free(addresses: Iterable[IPAddress], *, were_held: bool = True) -> None:
    """Let the space of addresses that are stored no longer, or not yet, be free again, unless it is set aside."""
    by_prefix = defaultdict(list)
    for address in addresses:
        holder = address.project_id if were_held else None
        by_prefix[address.network_id, address.family, address.prefix_id, holder].append(address.address)
    for (_, _, prefix_id, holder), released in sorted(by_prefix.items(), key=lambda one: (one[0][:3], str(one[0][3]))):
        free_space.release_addresses(prefix_id, released, holder)


def _lock_prefixes(addresses: Sequence[IPAddress]) -> None:
    """Lock the prefixes of addresses, which know them then."""
    held = Prefix.objects.filter(pk__in=[address.prefix_id for address in addresses])
    locked = held.order_by("network_id", "family", "pk").select_for_update(no_key=True).in_bulk()
    for address in addresses:
        address.prefix = locked[address.prefix_id]
