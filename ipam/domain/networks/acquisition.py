"""Addresses out of free space and back, inside operations that have asked who may."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family, host, reserved_addresses
from ipam.domain.core import lookups
from ipam.domain.networks import address_rules
from ipam.domain.space import allocator, free_space, usable_space
from ipam.models import IPAddress, Network, Prefix


def take(
    network: Network,
    *,
    families: Sequence[Family] = (),
    addresses: Sequence[Address] = (),
    count: int = 1,
    **shared: Any,
) -> list[IPAddress]:
    """Take addresses inside an operation that has checked who asks; `shared` are the columns they have in common.

    Beside named `addresses`, `families` are those of which the lowest free address is taken too.
    """
    taken = _take_named(network, addresses, families) if addresses else acquire(network, families, count)
    allocations = [uuid.uuid4() for _ in range(count)]
    shared |= {"network_id": network.pk, "namespace_id": network.namespace_id}
    groups = [
        [
            IPAddress(address=one.address, family=family, prefix_id=one.prefix_id, allocation=allocation, **shared)
            for allocation, one in zip(allocations, group, strict=True)
        ]
        for family, group in taken.items()
    ]
    return IPAddress.objects.bulk_create(row for allocation in zip(*groups, strict=True) for row in allocation)


def acquire(network: Network, families: Sequence[Family], count: int) -> dict[Family, list[allocator.Taken]]:
    """The lowest `count` free addresses of each of these families, or of every family that the network has (22, 23).

    `Exhausted` names the first family that has fewer, `FamilyNotInNetwork` one that the network does not have.
    """
    taken = allocator.acquire_addresses(network, families or network.allowed_families, count)
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
    network: Network, addresses: Iterable[Address], others: Iterable[Family]
) -> dict[Family, list[allocator.Taken]]:
    """Take just these addresses, at most one of each family, and the lowest free one of each of the `others`.

    Family by family, as all locks go: the later one may wait while the earlier one is held.
    """
    prefixes = list(network.prefixes.in_order())
    named = {Family.of(address): address for address in addresses}
    return {
        family: [_take_one(network, prefixes, named[family])]
        if family in named
        else acquire(network, [family], 1)[family]
        for family in sorted({*named, *others})
    }


def _take_one(network: Network, prefixes: Sequence[Prefix], address: Address) -> allocator.Taken:
    """Take just this address, or say why not (rules 4a, 24 and 25)."""
    prefix = next((prefix for prefix in prefixes if address in prefix.cidr), None)
    if prefix is None:
        raise address_rules.not_in_prefix(address, network, prefixes)
    errors.raise_all(list(usable_space.violations_of_address(address)))
    if address in reserved_addresses(prefix.cidr):
        raise address_rules.reserved(address, prefix)

    def find_holder() -> errors.IpamError | None:
        holder = IPAddress.objects.filter(address=address, namespace=network.namespace_id).first()
        return address_rules.taken(address, holder) if holder else None

    allocator.acquire_exactly(prefix, host(address), find_holder=find_holder, field="ip")
    return allocator.Taken(prefix.pk, address)


def other_families(network: Network, addresses: Iterable[Address]) -> list[Family]:
    """The families of the network that none of these addresses is of."""
    present = network.prefixes.order_by().values_list("family", flat=True).distinct()
    return sorted({Family(family) for family in present} - {Family.of(address) for address in addresses})


def give_back(addresses: Sequence[IPAddress]) -> None:
    """Delete locked addresses and return them to free space, prefix by prefix in the order that all locks keep."""
    errors.raise_all(
        [
            errors.InUse(
                f"{address} belongs to machine {address.machine_id}. Release the machine; "
                "its ephemeral addresses go with it."
            )
            for address in addresses
            if address.machine_id
        ]
    )
    by_prefix = defaultdict(list)
    for address in addresses:
        by_prefix[address.network_id, address.family, address.prefix_id].append(address.address)
    IPAddress.objects.filter(pk__in=[address.pk for address in addresses]).delete()
    for (_, _, prefix_id), released in sorted(by_prefix.items()):
        free_space.release_addresses(prefix_id, released)
