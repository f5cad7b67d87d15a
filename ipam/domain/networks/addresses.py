"""Addresses: allocate one of every family under one allocation, or nothing; change; release."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family, host, reserved_addresses
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Deed
from ipam.domain.space import free_space, usable_space
from ipam.labels import label_bytes
from ipam.models import Claim, IPAddress, Machine, Network, Prefix, Project
from ipam.models.events import Verb

MOST_PER_REQUEST = 1000
_MOST_TEXT = 16_000_000  # bytes of names, descriptions and labels that one request stores, for each allocation


@operation
def allocate(
    network: Network,
    *,
    project: Project,
    families: Sequence[Family] = (),
    addresses: Sequence[Address] = (),
    as_pair: bool = False,
    count: int = 1,
    type: str = IPAddress.Type.EPHEMERAL,
    name: str = "",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    machine: Machine | None = None,
) -> list[IPAddress]:
    """Take addresses from a network, all or nothing (rules 21 to 26).

    Without `families` and `addresses`: one address of each family that the network has, under one allocation id.
    `addresses` names them instead, at most one per family; `as_pair` adds the lowest free one of each family of the
    network that none of them is of. `count` (1..1000) repeats the allocation, each under an id of its own.
    The result is in allocation order, IPv4 before IPv6.
    """
    access.demand(Deed.ALLOCATE, project.pk)
    if network.is_underlay:
        access.demand(Deed.OPERATE)
    check_request(families, addresses, count)
    _check_room(count, name, description, labels or {})
    check_may_use(network, project)
    if machine is not None:
        machine = lookups.get(Machine, machine.pk, field="machine", lock=True)  # its release waits, or was first
        is_joined = machine.attachments.filter(network=network).exists()
        check_machine(machine, network, project, is_joined=is_joined)
    shared = {"type": type, "name": name, "description": description, "labels": dict(labels or {})}
    owner = {"project_id": project.pk, "machine_id": machine.pk if machine else None}
    if addresses and as_pair:
        families = _other_families(network, addresses)
    rows = take(network, families=families, addresses=addresses, count=count, **shared, **owner)
    history.record_addresses(Verb.ALLOCATE, begun=rows)
    return rows


@operation
def update(address: IPAddress, **changes: Any) -> IPAddress:
    """Change name, description, labels or type; a static address stays static (rule 27)."""
    current = lookups.get(IPAddress, address.pk, lock=True)
    access.demand_change(current)
    _change([current], changes)
    return current


@operation
def update_allocation(allocation: uuid.UUID, **changes: Any) -> list[IPAddress]:
    """Change name, description, labels or type of every address of an allocation, all or nothing (rule 27)."""
    held = lock_allocation(allocation)
    access.demand_change(*held)
    _change(held, changes)
    return held


@operation
def make_static(addresses: Iterable[IPAddress]) -> None:
    """Make addresses static, all or nothing: they stay when their machine goes (rule 27).

    Of a query all that it gives once they are locked: of whole allocations also what a completion has just added.
    """
    held = lookups.lock_all(_query(addresses).order_by("pk"), no_key=True)
    access.demand_change(*held)
    ephemeral = [address for address in held if address.type != IPAddress.Type.STATIC]
    for address in ephemeral:
        address.revise(type=IPAddress.Type.STATIC)
    history.record_addresses(
        Verb.MAKE_STATIC,
        unchanged=ephemeral,
        changed={"type": [str(IPAddress.Type.EPHEMERAL), str(IPAddress.Type.STATIC)]},
    )


@operation
def release(address: IPAddress) -> None:
    """Give one address back (rule 28). The other family of its allocation stays."""
    _release(_lock(access.visible(IPAddress.objects.filter(pk=address.pk))) or [lookups.get(IPAddress, address.pk)])


@operation
def release_allocation(allocation: uuid.UUID) -> None:
    """Give back every address of an allocation, all or nothing."""
    _release(lock_allocation(allocation))


@operation
def release_many(addresses: Iterable[IPAddress]) -> None:
    """Give many addresses back, all or nothing; those that are gone already are no hindrance.

    Of a query all that it gives once they are locked, as `make_static` has it.
    """
    _release(_lock(_query(addresses)))


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
    groups = [
        [
            IPAddress(
                address=one.address,
                family=family,
                network_id=network.pk,
                prefix_id=one.prefix_id,
                namespace_id=network.namespace_id,
                allocation=allocation,
                **shared,
            )
            for allocation, one in zip(allocations, group, strict=True)
        ]
        for family, group in taken.items()
    ]
    rows = [row for allocation in zip(*groups, strict=True) for row in allocation]
    return IPAddress.objects.bulk_create(rows)


def acquire(network: Network, families: Sequence[Family], count: int) -> dict[Family, list[free_space.Taken]]:
    """The lowest `count` free addresses of each of these families, or of every family that the network has (22, 23).

    `Exhausted` names the first family that has fewer, `FamilyNotInNetwork` one that the network does not have.
    """
    taken = free_space.acquire_addresses(network, families or network.allowed_families, count)
    missing = [family for family in families or ([] if taken else network.allowed_families) if family not in taken]
    full = [family for family, found in taken.items() if len(found) < count]
    if missing or full:
        lookups.get(Network, network.pk, field="network")  # whoever waited for its blocks may find it gone
        raise _without_family(network, missing[0]) if missing else _exhausted(network, full[0], count)
    return taken


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


def _change(addresses: Sequence[IPAddress], changes: Mapping[str, Any]) -> None:
    """Change locked addresses of one allocation alike; a static one stays static (rule 27)."""
    for address in addresses:
        check_stays_static(address, changes.get("type", address.type))
    before = states.of(addresses[0])
    for address in addresses:
        address.revise(**changes)
    after = states.of(addresses[0])
    history.record_addresses(Verb.UPDATE, unchanged=addresses, changed=states.between(before, after))


def lock_allocation(allocation: uuid.UUID) -> list[IPAddress]:
    """All addresses of an allocation, IPv4 first, and none joins them until the transaction ends; NotFound if none.

    Locked in the order of their keys, as everybody does.
    """
    held = _lock(access.visible(IPAddress.objects.filter(allocation=allocation)))
    if not held:
        raise errors.NotFound(f"There is no allocation {allocation}. It may have been released already.")
    return sorted(held, key=lambda address: address.family)


def _lock(addresses: QuerySet[IPAddress]) -> list[IPAddress]:
    """These addresses, locked in the order of their keys, each with the name that it is `claimed` by or None."""
    claimed = Claim.objects.filter(allocation=OuterRef("allocation")).values("name")
    return lookups.lock_all(addresses.annotate(claimed=Subquery(claimed)).order_by("pk"))


def _query(addresses: Iterable[IPAddress]) -> QuerySet[IPAddress]:
    """A query as it is, to be asked again; other addresses by their keys."""
    if isinstance(addresses, QuerySet):
        return addresses.all()
    return IPAddress.objects.filter(pk__in=[address.pk for address in addresses])


def _release(addresses: Sequence[Any]) -> None:
    access.demand_change(*addresses)
    errors.raise_all(
        [
            errors.InUse(f"A controller claims {address} as “{address.claimed}”. Release the claim of that name.")
            for address in addresses
            if address.claimed
        ]
    )
    give_back(addresses)
    history.record_addresses(Verb.RELEASE, ended=addresses)


def check_request(families: Sequence[Family], addresses: Sequence[Address], count: int) -> None:
    """What is asked for, before it is known of whom: IpAndAddressFamily or Invalid where it contradicts itself."""
    if addresses and families:
        raise errors.IpAndAddressFamily(
            "A named address has its family in itself. Give the address or the family, not both.", field="ip"
        )
    if len({address.version for address in addresses}) < len(addresses):
        raise errors.Invalid("An allocation has at most one address of each family. Ask for one of each.", field="ip")
    if not 1 <= count <= MOST_PER_REQUEST:
        raise errors.Invalid(f"count is a number from 1 to {MOST_PER_REQUEST}.", field="count")
    if addresses and count > 1:
        raise errors.Invalid("A named address exists once. Leave the count out.", field="count")


def _check_room(count: int, name: str, description: str, labels: Mapping[str, str]) -> None:
    each = len(name.encode()) + len(description.encode()) + label_bytes(labels)
    if count * each > _MOST_TEXT:
        raise errors.TooLarge(
            f"{count:,} times {each:,} bytes of texts and labels are more than {_MOST_TEXT:,} bytes. "
            "Ask for fewer at once, or shorten the texts."
        )


def check_may_use(network: Network, project: Project) -> None:
    """Rule 21: who may take addresses from which network."""
    if network.is_super:
        raise errors.NetworkNotUsable(
            f"{network.pk} is a super network: it gives prefixes, no addresses. Carve a child network and use that.",
            field="network",
        )
    if network.project_id and network.project_id != project.pk and not network.is_shared_child:
        raise errors.WrongProject(
            f"{network.pk} belongs to another project. Use a network of project {project.pk}, an external or "
            "a shared one.",
            field="project",
        )


def check_stays_static(address: IPAddress, wanted: str) -> None:
    """Rule 27: a static address stays static."""
    if address.type == IPAddress.Type.STATIC and wanted == IPAddress.Type.EPHEMERAL:
        raise errors.StaticToEphemeral(
            f"{address} is static and stays so: something outside may rely on it. Release it and take another.",
            field="type",
        )


def check_machine(machine: Machine, network: Network, project: Project, *, is_joined: bool) -> None:
    """An address of a machine is of its project and of a network that it has joined."""
    if machine.project_id != project.pk:
        raise errors.WrongProject(f"Machine {machine.pk} belongs to another project.", field="machine")
    if not is_joined:
        raise errors.NetworkNotUsable(
            f"Machine {machine.pk} is not in network {network.pk}. Allocate from one of its networks.", field="machine"
        )


def _without_family(network: Network, family: Family) -> errors.FamilyNotInNetwork:
    return errors.FamilyNotInNetwork(
        f"{network.pk} has no {family.label} prefix. Add one, or ask for another family.", field="address_family"
    )


def _exhausted(network: Network, family: Family, count: int) -> errors.Exhausted:
    left = "no free address" if count == 1 else f"fewer than {count:,} free addresses"
    return errors.Exhausted(
        f"{family.label} of {network.pk} has {left}. Release some, or add an {family.label} prefix. Nothing was taken.",
        field="address_family",
    )


def _other_families(network: Network, addresses: Iterable[Address]) -> list[Family]:
    """The families of the network that none of these addresses is of."""
    present = network.prefixes.order_by().values_list("family", flat=True).distinct()
    return sorted({Family(family) for family in present} - {Family.of(address) for address in addresses})


def _take_named(
    network: Network, addresses: Iterable[Address], others: Iterable[Family]
) -> dict[Family, list[free_space.Taken]]:
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


def _take_one(network: Network, prefixes: Sequence[Prefix], address: Address) -> free_space.Taken:
    """Take just this address, or say why not (rules 4a, 24 and 25)."""
    prefix = next((prefix for prefix in prefixes if address in prefix.cidr), None)
    if prefix is None:
        raise not_in_prefix(address, network, prefixes)
    errors.raise_all(list(usable_space.judge_address(address)))
    if address in reserved_addresses(prefix.cidr):
        raise reserved(address, prefix)

    def find_holder() -> errors.IpamError | None:
        holder = IPAddress.objects.filter(address=address, namespace=network.namespace_id).first()
        return taken(address, holder) if holder else None

    free_space.acquire_exactly(prefix, host(address), find_holder=find_holder, field="ip")
    return free_space.Taken(prefix.pk, address)


def not_in_prefix(address: Address, network: Network, prefixes: Iterable[Prefix]) -> errors.IpamError:
    """Rule 24: a named address lies in a prefix of the network."""
    return errors.NotInPrefix(
        f"{address} lies in no prefix of {network.pk}. Choose one in {', '.join(map(str, prefixes))}.", field="ip"
    )


def reserved(address: Address, prefix: Prefix) -> errors.IpamError:
    """Rule 25: reserved addresses are never given."""
    return errors.ReservedAddress(
        f"{address} is the network, broadcast or subnet-router address of {prefix}. Choose another.", field="ip"
    )


def taken(address: Address, holder: IPAddress) -> errors.IpamError:
    """Rule 26: an address exists once."""
    return errors.AlreadyAllocated(
        f"{address} is held by {_describe(holder)}. Choose another, or release it first.", field="ip"
    )


def _describe(holder: IPAddress) -> str:
    if not access.sees(holder):
        return "another project"
    owner = f"machine {holder.machine_id}" if holder.machine_id else f"project {holder.project_id}"
    return f"{owner} (“{holder.name}”)" if holder.name else owner
