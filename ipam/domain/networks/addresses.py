"""Addresses: allocate one of every family under one allocation, or nothing; change; release."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import acquisition, address_rules
from ipam.models import Claim, IPAddress, Machine, Network, Project
from ipam.models.events import Verb


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

    Without `families` and `addresses`: one of each family that the network has, under one allocation id. `addresses`
    names them instead, at most one per family; `as_pair` adds the lowest free one of each other family. `count`
    (1..1000) repeats the allocation, each under an id of its own; IPv4 comes before IPv6.
    """
    require_allocation(network, project)
    address_rules.check_request(families, addresses, count)
    address_rules.check_room(count, name, description, labels or {})
    address_rules.check_may_use(network, project)
    texts = {"name": name, "description": description, "labels": dict(labels or {})}
    owner = {"project_id": project.pk, "machine_id": _lock_machine(machine, network, project)}
    families = acquisition.other_families(network, addresses) if addresses and as_pair else families
    rows = acquisition.take(network, families=families, addresses=addresses, count=count, type=type, **texts, **owner)
    history.record_addresses(Verb.ALLOCATE, begun=rows)
    return rows


@operation
def update(address: IPAddress, **changes: Any) -> IPAddress:
    """Change name, description, labels or type; StaticToEphemeral for a static address that would not be (27)."""
    current = lookups.get(IPAddress, address.pk, lock=True)
    access.require_change(current)
    _change([current], changes)
    return current


@operation
def update_allocation(allocation: uuid.UUID, **changes: Any) -> list[IPAddress]:
    """Change name, description, labels or type of every address of an allocation, all or nothing (rule 27).

    NotFound when it was released, StaticToEphemeral as `update` has it.
    """
    held = lock_allocation(allocation)
    access.require_change(*held)
    _change(held, changes)
    return held


@operation
def make_static(addresses: Iterable[IPAddress]) -> None:
    """Make addresses static, all or nothing: they stay when their machine goes (rule 27).

    Of a query all that it gives once they are locked: of whole allocations also what a completion has just added.
    """
    held = lookups.lock_all(_query(addresses).order_by("pk"), no_key=True)
    access.require_change(*held)
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
    """Give one address back (rule 28). The other family of its allocation stays.

    InUse while a machine has it or a controller claims it, NotFound when it has gone already.
    """
    _release(_lock(access.visible(IPAddress.objects.filter(pk=address.pk))) or [lookups.get(IPAddress, address.pk)])


@operation
def release_allocation(allocation: uuid.UUID) -> None:
    """Give back every address of an allocation, all or nothing (rule 28); InUse and NotFound as `release` has it."""
    _release(lock_allocation(allocation))


@operation
def release_many(addresses: Iterable[IPAddress]) -> None:
    """Give many addresses back, all or nothing; those that are gone already are no hindrance.

    Of a query all that it gives once they are locked, as `make_static` has it.
    """
    _release(_lock(_query(addresses)))


def require_allocation(network: Network, project: Project) -> None:
    """Forbidden unless the caller may allocate for the project; of an underlay network operators do."""
    access.require(Permission.ALLOCATE, project.pk)
    if network.is_underlay:
        access.require(Permission.OPERATE)


def _lock_machine(machine: Machine | None, network: Network, project: Project) -> Any:
    """The id of a machine that gets addresses and may have them; its release waits, or was first."""
    if machine is None:
        return None
    current = lookups.get(Machine, machine.pk, field="machine", lock=True)
    is_joined = current.attachments.filter(network=network).exists()
    address_rules.check_machine(current, network, project, is_joined=is_joined)
    return current.pk


def _change(addresses: Sequence[IPAddress], changes: Mapping[str, Any]) -> None:
    """Change locked addresses of one allocation alike; a static one stays static (rule 27)."""
    for address in addresses:
        address_rules.check_stays_static(address, changes.get("type", address.type))
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
    access.require_change(*addresses)
    errors.raise_all(
        [
            errors.InUse(f"A controller claims {address} as “{address.claimed}”. Release the claim of that name.")
            for address in addresses
            if address.claimed
        ]
    )
    acquisition.give_back(addresses)
    history.record_addresses(Verb.RELEASE, ended=addresses)
