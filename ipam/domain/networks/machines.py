"""Machines: a record of who got which addresses, VRFs and ASN; all or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from django.db.models import F
from django.utils import timezone

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups, states, writes
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import acquisition, ids, machine_rules, quotas, sharing
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import ASN_BASE, Pool
from ipam.models import IPAddress, Machine, MachineNetwork, Partition, Prefix, Project
from ipam.models.base import know
from ipam.models.events import Verb
from ipam.models.machines import new_machine_id
from ipam.models.networks import NetworkType

HIGHEST_ASN = 4_294_967_295  # 32 bits, RFC 6793


@operation
def allocate(
    *,
    project: Project,
    partition: Partition,
    networks: Sequence[Attachment],
    role: str = Machine.Role.MACHINE,
    id: str = "",
    name: str = "",
    hostname: str = "",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    asn: int | None = None,
    with_addresses: bool = True,
) -> Machine:
    """Record a machine or firewall with its networks, addresses and ASN (rules 29 to 34, 38), which it then knows: a
    free ASN unless one is named (1..4294967295), and no addresses without `with_addresses`, for they follow."""
    access.require(Permission.ALLOCATE, project.pk)
    if id:
        ids.check_new_id(Machine, id)
    machine_rules.check(role, networks, project, partition)
    attachments = _attachments(role, networks, partition, runs=not with_addresses)
    texts = {"name": name, "hostname": hostname, "description": description, "labels": dict(labels or {})}
    place = {"project": project, "partition": partition, "role": role, "asn": _draw_or_claim_asn(asn)}
    with _together(stay=any(attachment.ips for attachment in networks)):
        machine = _store(Machine(pk=id or new_machine_id(), **texts, **place), attachments)
        given = _give_addresses(machine, attachments) if with_addresses else _Given()
        after = states.of(machine, networks=[attachment.network.pk for attachment in attachments])
        history.record(Verb.ALLOCATE, machine, after=after, **given.told)
    _look_again(asn)
    return know(machine, addresses=[*given.named, *given.drawn, *given.shared], holdings=())


@operation
def update(machine: Machine, **changes: Any) -> Machine:
    """Change name, hostname, description or labels; NotFound when it was released."""
    current = lookups.get(Machine, machine.pk, lock=True)
    access.require_change(current)
    return history.revise(current, **changes)


@operation
def release(machine: Machine) -> None:
    """Forget a machine (rule 35): its ephemeral addresses and its ASN are free again, its static addresses stay."""
    current = lookups.get(Machine, machine.pk, lock=True)
    access.require_change(current)
    held = lookups.lock_all(IPAddress.objects.held_by([current.pk]).order_by("pk"))
    access.require_own(*held)
    shared = [address for address in held if address.shared]
    static = [address for address in held if address.type == IPAddress.Type.STATIC and not address.shared]
    ephemeral = [address for address in held if address.type != IPAddress.Type.STATIC]
    _hand_over(static, None)
    static += sharing.leave(shared, current)
    number_pools.release(Pool.ASN, current.asn - ASN_BASE)  # before the addresses, as allocating locks them
    for address in ephemeral:
        address.machine = None
    with _together(stay=bool(static or shared)):
        acquisition.give_back(ephemeral)
        others = [address for address in shared if address not in static]
        ended = [address for address in held if address not in others]
        before = states.of(current)
        history.record(Verb.RELEASE, current, before=before, ended=ended, begun=static, unchanged=others)
        quotas.charge(ended=ephemeral)
        writes.execute("DELETE FROM ipam_machinenetwork WHERE machine_id = %s", [current.pk])
        writes.execute("DELETE FROM ipam_machine WHERE id = %s", [current.pk])


def _together(*, stay: bool) -> AbstractContextManager[None]:
    """All writes as one; unless there are addresses that stay: a tenure of theirs ends before the next one begins."""
    return nullcontext() if stay else writes.together()


def _store(machine: Machine, attachments: Iterable[Attachment]) -> Machine:
    """Store a new machine, in its networks in the order given, which it then knows."""
    writes.insert([machine])
    joined = [
        MachineNetwork(machine=machine, network=attachment.network, position=position)
        for position, attachment in enumerate(attachments)
    ]
    writes.insert(joined)
    return know(machine, attachments=joined)


class _Given(NamedTuple):
    """What a machine gets: named addresses of nobody's, those that others have too, and new ones."""

    named: Sequence[IPAddress] = ()
    shared: Sequence[IPAddress] = ()
    drawn: Sequence[IPAddress] = ()

    @property
    def told(self) -> dict[str, Any]:
        """What history says of them: of those that others have too the holder, the first, stays."""
        return {"ended": self.named, "begun": [*self.named, *self.drawn], "unchanged": self.shared}


def _give_addresses(machine: Machine, attachments: Sequence[Attachment]) -> _Given:
    """Rule 32: named addresses join the machine; of networks that name none it gets ephemeral ones."""
    named: list[IPAddress] = []
    drawn: list[IPAddress] = []
    texts = {"type": IPAddress.Type.EPHEMERAL, "name": machine.name, "machine_id": machine.pk}
    for attachment in sorted(attachments, key=lambda one: one.network.pk):  # as all locks go
        if attachment.ips:
            named += _find_named(machine, attachment)
        elif attachment.auto:
            families = attachment.families
            drawn += acquisition.draw(attachment.network, families=families, project_id=machine.project_id, **texts)
    alone = [address for address in named if address.machine_id is None]
    shared = [address for address in named if address.machine_id is not None]
    _hand_over(alone, machine)
    sharing.join(shared, machine)
    writes.insert(drawn)
    quotas.charge(begun=drawn)
    return _Given(alone, shared, drawn)


def _hand_over(addresses: Sequence[IPAddress], machine: Machine | None) -> None:
    """Let these locked addresses be a machine's, or no machine's: one change of each, by one statement."""
    changed = {"machine": machine, "updated_at": timezone.now()}
    if addresses:
        keys = [address.pk for address in addresses]
        IPAddress.objects.filter(pk__in=keys).update(**changed, generation=F("generation") + 1)
    for address in addresses:
        for field, value in {**changed, "generation": address.generation + 1}.items():
            setattr(address, field, value)


def _attachments(
    role: str, networks: Sequence[Attachment], partition: Partition, *, runs: bool
) -> Sequence[Attachment]:
    """The networks of a machine, of a firewall with the underlay; one that comes from elsewhere `runs` as it is."""
    if role != Machine.Role.FIREWALL:
        return networks
    if not runs:
        machine_rules.check_joined(networks)
    return [*networks, *_underlay(partition)]


def _underlay(partition: Partition) -> list[Attachment]:
    """The partition's underlay, which a firewall joins by itself."""
    prefixes = Prefix.objects.filter(network__type=NetworkType.UNDERLAY, network__partition=partition)
    underlays = list(prefixes.networks())
    access.require_own(*underlays)
    return [Attachment(network=found, families=[Family.IPV4]) for found in underlays]


def _draw_or_claim_asn(asn: int | None) -> int:
    """A free ASN of the pool, or the one that is named (rule 33)."""
    if asn is not None:
        return _claim_asn(asn)
    try:
        return ASN_BASE + number_pools.acquire(Pool.ASN)
    except number_pools.PoolEmpty:
        raise errors.AsnExhausted("Every ASN of the pool is taken. Release machines that are gone.") from None


def check_asn(asn: int) -> None:
    """Invalid unless it is an ASN at all."""
    if not 1 <= asn <= HIGHEST_ASN:
        raise errors.Invalid(f"An ASN is a number from 1 to {HIGHEST_ASN}.", field="asn")


def _claim_asn(asn: int) -> int:
    """Rule 33: a named ASN is nobody else's."""
    check_asn(asn)
    number_pools.acquire_exactly(Pool.ASN, asn - ASN_BASE)
    holder = Machine.objects.filter(asn=asn).first()
    if holder is not None:
        whose = f"machine {holder}" if access.sees(holder) else "another machine"
        raise errors.AlreadyExists(f"The ASN {asn} is that of {whose}. Leave it out.", field="asn")
    return asn


def _look_again(asn: int | None) -> None:
    """One that went while a machine waited for its row has given its ASN back: it is free no longer."""
    if asn is not None:
        number_pools.acquire_exactly(Pool.ASN, asn - ASN_BASE)


def _find_named(machine: Machine, attachment: Attachment) -> list[IPAddress]:
    """The named addresses of a network, locked: they exist and are the project's, and no machine's."""
    network = attachment.network
    named_ones = IPAddress.objects.filter(address__in=attachment.ips, namespace=network.namespace_id)
    held = {address.address: address for address in lookups.lock_all(access.visible(named_ones).order_by("pk"))}
    broken: list[errors.IpamError] = []
    for named in attachment.ips:
        address = held.get(named)
        if address is None:
            broken.append(
                errors.NotFound(f"{named} is not allocated. Allocate it first, then name it.", field="networks.ips")
            )
        elif address.network_id != network.pk:
            broken.append(
                errors.IpNotInNetwork(
                    f"{named} belongs to network {address.network}, not {network}.", field="networks.ips"
                )
            )
        elif address.project_id != machine.project_id:
            broken.append(errors.WrongProject(f"{named} belongs to another project.", field="networks.ips"))
        elif address.machine_id and not address.shared:
            broken.append(errors.InUse(f"{named} belongs to machine {address.machine}.", field="networks.ips"))
        elif address.cluster_id:
            broken.append(errors.InUse(f"{named} belongs to a cluster.", field="networks.ips"))
    errors.raise_all(broken)
    access.require_own(*held.values())
    return list(held.values())
