"""Addresses: allocate one of every family under one allocation, or nothing; change; release."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, kept_rows, lookups, states, writes
from ipam.domain.core.at_once import at_once
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import acquisition, address_rules, held_rows, procedures, quotas
from ipam.domain.space import usable_space
from ipam.labels import label_fault
from ipam.models import Claim, IPAddress, Machine, Network, Project
from ipam.models.events import Verb


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
    tags: Sequence[str] = (),
    machine: Machine | None = None,
    shared: str = "",
) -> list[IPAddress]:
    """Take addresses from a network, all or nothing (rules 21 to 26 and 49a).

    Without `families` and `addresses`: one of each family that the network has, under one id. `addresses` names them,
    one per family; `as_pair` adds the lowest free one of each other. `count` (1..1000) repeats it, under new ids.
    What is `shared`, as anycast or vip, is static (28e).
    """
    texts = {"type": type, "name": name, "description": description, "labels": dict(labels or {}), "tags": list(tags)}
    texts["shared"] = shared
    if not addresses and machine is None and count == 1:
        rows = _allocate_one(network, project, families, texts)
        if rows is not None:
            return rows
    return _allocate(network, project, families, addresses, as_pair, count, machine, texts)


@at_once
def _allocate_one(
    network: Network, project: Project, families: Sequence[Family], texts: Mapping[str, Any]
) -> list[IPAddress] | None:
    _validate(network, project, families, (), 1, texts)
    if label_fault(texts["labels"]):
        return None
    wanted = sorted(families or network.allowed_families)
    rows = acquisition.rows_of(network, {family: [None] for family in wanted}, project_id=project.pk, **texts)
    event = history.event_on(Verb.ALLOCATE, rows, is_begun=True, is_undoable=True)
    return rows if procedures.take(event, network, rows) else None


@operation
@writes.together()
def _allocate(
    network: Network,
    project: Project,
    families: Sequence[Family],
    addresses: Sequence[Address],
    as_pair: bool,
    count: int,
    machine: Machine | None,
    texts: Mapping[str, Any],
) -> list[IPAddress]:
    _validate(network, project, families, addresses, count, texts)
    shared = {**texts, "project_id": project.pk, "machine_id": _lock_machine(machine, network, project)}
    families = acquisition.other_families(network, addresses) if addresses and as_pair else families
    rows = acquisition.take(network, families=families, addresses=addresses, count=count, **shared)
    history.record_addresses(Verb.ALLOCATE, begun=rows, is_undoable=machine is None)
    quotas.charge(begun=rows)
    return rows


def _validate(
    network: Network,
    project: Project,
    families: Sequence[Family],
    addresses: Sequence[Address],
    count: int,
    texts: Mapping[str, Any],
) -> None:
    """What is said of an allocation before anything is taken."""
    require_allocation(network, project)
    address_rules.check_request(families, addresses, count)
    address_rules.check_shared(texts["shared"], texts["type"])
    address_rules.check_room(count, texts["name"], texts["description"], texts["labels"])
    address_rules.check_may_take(network, project)


@operation
def update(address: IPAddress, **changes: Any) -> IPAddress:
    """Change name, description, labels, tags or type; StaticToEphemeral for a static one that would not be (27)."""
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


def release(address: IPAddress | str) -> None:
    """Give one address, or the one with this id, back (rule 28). The other family of its allocation stays.

    InUse while a machine or cluster has it or a controller claims it, NotFound when it has gone already.
    """
    key = address.pk if isinstance(address, IPAddress) else address
    if not (lookups.is_id(IPAddress, key) and _release_at_once(address)):
        _release_one(key)


@at_once
def _release_at_once(address: Any) -> bool | None:
    """An address that nothing keeps. One that `held_rows` has read is not read again: it has to be as it was."""
    held = address if hasattr(address, "claimed") else held_rows.look(getattr(address, "pk", address))
    if held is None or held.claimed or held.machine_id or held.cluster_id or not access.may_change(held):
        return None
    if list(usable_space.violations_of_address(held.address)):
        return None
    event = history.event_on(Verb.RELEASE, [held], is_begun=False, **kept_rows.columns_of([held]))
    return procedures.give_back(event, held)


@operation
def _release_one(key: Any) -> None:
    held = held_rows.lock(key) if lookups.is_id(IPAddress, key) else []
    release_locked(held or [lookups.get(IPAddress, key)], with_prefixes=True)


@operation
def release_allocation(allocation: uuid.UUID) -> None:
    """Give back every address of an allocation, all or nothing (rule 28); InUse and NotFound as `release` has it."""
    release_locked(held_rows.lock_allocation(allocation) or lock_allocation(allocation), with_prefixes=True)


@operation
def release_many(addresses: Iterable[IPAddress]) -> None:
    """Give many addresses back, all or nothing; those that are gone already are no hindrance.

    Of a query all that it gives once they are locked, as `make_static` has it.
    """
    release_locked(lock(_query(addresses)))


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
    changed = states.between(before, states.of(addresses[0]))
    verb = Verb.MAKE_STATIC if "type" in changed else Verb.UPDATE
    history.record_addresses(verb, unchanged=addresses, changed=changed)


def lock_allocation(allocation: uuid.UUID) -> list[IPAddress]:
    """All addresses of an allocation, IPv4 first, and none joins them until the transaction ends; NotFound if none.

    Locked in the order of their keys, as everybody does.
    """
    held = lock(access.visible(IPAddress.objects.filter(allocation=allocation)))
    if not held:
        raise errors.NotFound(f"There is no allocation {allocation}. It may have been released already.")
    return sorted(held, key=lambda address: address.family)


def lock(addresses: QuerySet[IPAddress]) -> list[IPAddress]:
    """These addresses, locked in the order of their keys, each with the name that it is `claimed` by or None."""
    claimed = Claim.objects.filter(allocation=OuterRef("allocation")).values("name")
    return lookups.lock_all(addresses.annotate(claimed=Subquery(claimed)).order_by("pk"))


def _query(addresses: Iterable[IPAddress]) -> QuerySet[IPAddress]:
    """A query as it is, to be asked again; other addresses by their keys."""
    if isinstance(addresses, QuerySet):
        return addresses.all()
    return IPAddress.objects.filter(pk__in=[address.pk for address in addresses])


def release_locked(addresses: Sequence[Any], *, with_prefixes: bool = False, undoes: int | None = None) -> None:
    """Give addresses back that `lock` or `held_rows` gave, all or nothing, perhaps to undo the event that took them."""
    access.require_change(*addresses)
    address_rules.check_unbound(addresses)
    with writes.together() if with_prefixes else nullcontext():
        acquisition.give_back(addresses, with_prefixes=with_prefixes)
        history.record_addresses(Verb.RELEASE, ended=addresses, undoes=undoes, **kept_rows.columns_of(addresses))
        quotas.charge(ended=addresses)
