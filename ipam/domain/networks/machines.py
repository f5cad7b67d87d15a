"""Machines: a record of who got which addresses, VRFs and ASN; all or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Deed
from ipam.domain.networks import addresses, ids
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import ASN_BASE, Pool
from ipam.models import IPAddress, Machine, MachineNetwork, Network, Partition, Project
from ipam.models.events import Verb
from ipam.models.machines import new_machine_id
from ipam.models.networks import NetworkType

HIGHEST_ASN = 4_294_967_295  # 32 bits, RFC 6793


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A network that a machine asks for.

    Named `ips` join the machine and stop automatic ones; otherwise it gets one ephemeral address of each family
    of the network, or of `families`, unless `auto` is off.
    """

    network: Network
    ips: Sequence[Address] = ()
    families: Sequence[Family] = ()
    auto: bool = True


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

    Without `asn` (1..4294967295) the machine draws a free one from the pool. Without `with_addresses` it takes none:
    those that it has elsewhere follow.
    """
    access.demand(Deed.ALLOCATE, project.pk)
    if id:
        ids.check_new_id(Machine, id)
    attachments = list(networks)
    present = {attachment.network.pk: _families(attachment) for attachment in attachments}
    errors.raise_all(
        [
            *_judge_networks(attachments, project, partition),
            *(_judge_firewall(attachments) if role == Machine.Role.FIREWALL else _judge_machine(attachments, present)),
        ]
    )
    if role == Machine.Role.FIREWALL:
        attachments += _underlay(partition)
    machine = Machine.objects.create(
        pk=id or new_machine_id(),
        name=name,
        hostname=hostname,
        description=description,
        labels=dict(labels or {}),
        project=project,
        partition=partition,
        role=role,
        asn=_draw_asn() if asn is None else _claim_asn(asn),
    )
    MachineNetwork.objects.bulk_create(
        MachineNetwork(machine=machine, network=attachment.network, position=position)
        for position, attachment in enumerate(attachments)
    )
    begun: list[IPAddress] = []
    joining: list[IPAddress] = []
    if with_addresses:
        for attachment in sorted(attachments, key=lambda one: one.network.pk):  # locks in key order
            given = _give_addresses(machine, attachment)
            begun += given
            joining += given if attachment.ips else ()
    joined = [attachment.network.pk for attachment in attachments]
    history.record(Verb.ALLOCATE, machine, after=states.of(machine, networks=joined), ended=joining, begun=begun)
    return machine


@operation
def update(machine: Machine, **changes: Any) -> Machine:
    """Change name, hostname, description or labels."""
    current = lookups.get(Machine, machine.pk, lock=True)
    access.demand_change(current)
    return history.revise(current, **changes)


@operation
def release(machine: Machine) -> None:
    """Forget a machine (rule 35): its ephemeral addresses and its ASN are free again, its static addresses stay."""
    current = lookups.get(Machine, machine.pk, lock=True)
    access.demand_change(current)
    held = lookups.lock_all(current.addresses.order_by("pk"))
    for address in held:
        address.machine = None
    static = [address for address in held if address.type == IPAddress.Type.STATIC]
    for address in static:
        address.revise(machine=None)
    number_pools.release(Pool.ASN, current.asn - ASN_BASE)  # before the addresses, as allocating locks them
    addresses.give_back([address for address in held if address not in static])
    history.record(Verb.RELEASE, current, before=states.of(current), ended=held, begun=static)
    current.delete()


def _judge_networks(
    attachments: Sequence[Attachment], project: Project, partition: Partition
) -> list[errors.IpamError]:
    """Rule 31."""
    if not attachments:
        return [errors.Required("A machine is in at least one network. Name its private network.", field="networks")]
    broken: list[errors.IpamError] = []
    for key, times in Counter(attachment.network.pk for attachment in attachments).items():
        if times > 1:
            broken.append(errors.DuplicateNetwork(f"{key} is named {times} times. Name it once.", field="networks"))
    for attachment in attachments:
        network = attachment.network
        if network.is_super or network.is_underlay:
            why = "gives no addresses" if network.is_super else "is added to firewalls by itself"
            broken.append(
                errors.NetworkNotUsable(
                    f"{network.pk} is of type {network.type}: it {why}. Leave it out.", field="networks"
                )
            )
        elif network.project_id and network.project_id != project.pk and not network.is_shared_child:
            broken.append(errors.WrongProject(f"{network.pk} belongs to another project.", field="networks"))
        if network.partition_id and network.partition_id != partition.pk:
            broken.append(
                errors.WrongPartition(
                    f"{network.pk} is in partition {network.partition_id}, the machine in {partition.pk}.",
                    field="networks",
                )
            )
    return broken


def _judge_machine(attachments: Sequence[Attachment], present: Mapping[str, set[Family]]) -> list[errors.IpamError]:
    """Rule 29: one private network per family, be it one network for both or one for each."""
    private = [attachment.network for attachment in attachments if attachment.network.is_child]
    if not private:
        return [
            errors.PrivateNetworkRequired(
                "A machine is in a private network. Carve a child network for the project and name it.",
                field="networks",
            )
        ]
    broken: list[errors.IpamError] = []
    for family in Family:
        sharing = [network.pk for network in private if family in present[network.pk]]
        if len(sharing) > 1:
            broken.append(
                errors.TooManyPrivateNetworks(
                    f"{' and '.join(sharing)} both give {family.label}. A machine has one private network per family; "
                    "keep one, or limit one of them to the other family.",
                    field="networks",
                )
            )
    return broken


def _judge_firewall(attachments: Sequence[Attachment]) -> list[errors.IpamError]:
    """Rule 30."""
    networks = [attachment.network for attachment in attachments]
    broken: list[errors.IpamError] = []
    if not any(network.is_external for network in networks):
        broken.append(
            errors.ExternalNetworkRequired(
                "A firewall leads to the outside. Name an external network.", field="networks"
            )
        )
    if not any(network.is_child for network in networks):
        broken.append(
            errors.PrivateNetworkRequired(
                "A firewall guards a private network. Name a child network.", field="networks"
            )
        )
    shared = [network.pk for network in networks if network.is_shared_child]
    if len(shared) > 1:
        broken.append(
            errors.TooManyPrivateNetworks(
                f"{' and '.join(shared)} are both shared. A firewall joins one shared network at most.",
                field="networks",
            )
        )
    return broken


def _families(attachment: Attachment) -> set[Family]:
    """The families that a machine speaks in this network."""
    present = {Family(family) for family in attachment.network.prefixes.values_list("family", flat=True)}
    if attachment.ips:
        return {Family.of(address) for address in attachment.ips}
    return present & set(attachment.families) if attachment.families else present


def _underlay(partition: Partition) -> list[Attachment]:
    """The partition's underlay, which a firewall joins by itself."""
    found = Network.objects.filter(type=NetworkType.UNDERLAY, partition=partition).first()
    return [Attachment(network=found)] if found else []


def _draw_asn() -> int:
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
    return addresses.take(
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
