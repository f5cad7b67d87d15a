"""Machines: a record of who got which addresses, VRFs and ASN; all or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import acquisition, ids, machine_rules
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import ASN_BASE, Pool
from ipam.models import IPAddress, Machine, MachineNetwork, Network, Partition, Project
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
    """Record a machine or firewall with its networks, addresses and ASN (rules 29 to 34).

    Without `asn` (1..4294967295) it draws a free one. Without `with_addresses` it takes none: they follow.
    """
    access.require(Permission.ALLOCATE, project.pk)
    if id:
        ids.check_new_id(Machine, id)
    machine_rules.check(role, networks, project, partition)
    attachments = [*networks, *(_underlay(partition) if role == Machine.Role.FIREWALL else [])]
    texts = {"name": name, "hostname": hostname, "description": description, "labels": dict(labels or {})}
    place = {"project": project, "partition": partition, "role": role}
    machine = Machine.objects.create(pk=id or new_machine_id(), asn=_draw_or_claim_asn(asn), **texts, **place)
    begun = _join(machine, attachments, with_addresses=with_addresses)
    after = states.of(machine, networks=[attachment.network.pk for attachment in attachments])
    history.record(Verb.ALLOCATE, machine, after=after, ended=_named(begun, attachments), begun=begun)
    return machine


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
    held = lookups.lock_all(current.addresses.order_by("pk"))
    for address in held:
        address.machine = None
    static = [address for address in held if address.type == IPAddress.Type.STATIC]
    for address in static:
        address.revise(machine=None)
    number_pools.release(Pool.ASN, current.asn - ASN_BASE)  # before the addresses, as allocating locks them
    acquisition.give_back([address for address in held if address not in static])
    history.record(Verb.RELEASE, current, before=states.of(current), ended=held, begun=static)
    current.delete()


def _join(machine: Machine, attachments: Sequence[Attachment], *, with_addresses: bool) -> list[IPAddress]:
    """Put the machine in its networks, in the order given, and give it addresses of them."""
    MachineNetwork.objects.bulk_create(
        MachineNetwork(machine=machine, network=attachment.network, position=position)
        for position, attachment in enumerate(attachments)
    )
    in_order = sorted(attachments, key=lambda one: one.network.pk) if with_addresses else []  # as all locks go
    return [row for attachment in in_order for row in _give_addresses(machine, attachment)]


def _named(rows: Iterable[IPAddress], attachments: Iterable[Attachment]) -> list[IPAddress]:
    """Those that were the project's before, without a machine."""
    named = {(attachment.network.pk, address) for attachment in attachments for address in attachment.ips}
    return [row for row in rows if (row.network_id, row.address) in named]


def _underlay(partition: Partition) -> list[Attachment]:
    """The partition's underlay, which a firewall joins by itself."""
    found = Network.objects.filter(type=NetworkType.UNDERLAY, partition=partition).first()
    return [Attachment(network=found)] if found else []


def _draw_or_claim_asn(asn: int | None) -> int:
    """A free ASN of the pool, or the one that is named (rule 33)."""
    if asn is not None:
        return _claim_asn(asn)
    try:
        return ASN_BASE + number_pools.acquire(Pool.ASN)
    except number_pools.PoolEmpty:
        raise errors.AsnExhausted("Every ASN of the pool is taken. Release machines that are gone.") from None


def _claim_asn(asn: int) -> int:
    """Rule 33: a named ASN is nobody else's."""
    if not 1 <= asn <= HIGHEST_ASN:
        raise errors.Invalid(f"An ASN is a number from 1 to {HIGHEST_ASN}.", field="asn")
    number_pools.acquire_exactly(Pool.ASN, asn - ASN_BASE)
    holder = Machine.objects.filter(asn=asn).first()
    if holder is not None:
        raise errors.AlreadyExists(f"The ASN {asn} is that of machine {holder.pk}. Leave it out.", field="asn")
    return asn


def _give_addresses(machine: Machine, attachment: Attachment) -> list[IPAddress]:
    """Rule 32: named addresses join the machine; else it gets ephemeral ones."""
    if attachment.ips:
        return _join_named(machine, attachment)
    if not attachment.auto:
        return []
    return acquisition.take(
        attachment.network,
        families=attachment.families,
        type=IPAddress.Type.EPHEMERAL,
        name=machine.name,
        project_id=machine.project_id,
        machine_id=machine.pk,
    )


def _join_named(machine: Machine, attachment: Attachment) -> list[IPAddress]:
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
                    f"{named} belongs to network {address.network_id}, not {network.pk}.", field="networks.ips"
                )
            )
        elif address.project_id != machine.project_id:
            broken.append(errors.WrongProject(f"{named} belongs to another project.", field="networks.ips"))
        elif address.machine_id:
            broken.append(errors.InUse(f"{named} belongs to machine {address.machine_id}.", field="networks.ips"))
    errors.raise_all(broken)
    for address in held.values():
        address.revise(machine=machine)
    return list(held.values())
