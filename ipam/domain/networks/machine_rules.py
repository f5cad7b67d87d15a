"""Which networks a machine or firewall may be in (rules 29 to 31)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.space import reservations
from ipam.models import Machine, Network, Partition, Project


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


def check(role: str, attachments: Sequence[Attachment], project: Project, partition: Partition) -> None:
    """Raise all that is wrong with the networks of a machine or firewall (rules 29 to 31); first another's network."""
    access.require_own(*(attachment.network for attachment in attachments))
    of_networks = {attachment.network.pk: _families(attachment) for attachment in attachments}
    is_firewall = role == Machine.Role.FIREWALL
    errors.raise_all(
        [
            *_violations_of_networks(attachments, project, partition),
            *(
                _violations_of_firewall(attachments)
                if is_firewall
                else _violations_of_machine(attachments, of_networks)
            ),
        ]
    )


def check_joined(attachments: Sequence[Attachment]) -> None:
    """Rule 38: Overlap where a firewall would lead from a cluster to a network with space that this has reserved."""
    networks = [attachment.network for attachment in attachments]
    nodes = [network.pk for network in networks if network.is_child]
    met = reservations.find_joined(nodes, [network.pk for network in networks if network.is_external])
    if met is not None:
        reserved, prefix = met
        raise errors.Overlap(
            f"{prefix} of {prefix.network} overlaps {reservations.named(reserved)}, and this firewall would join "
            "the two. Leave one of them out.",
            field="networks",
        )


def _violations_of_networks(
    attachments: Sequence[Attachment], project: Project, partition: Partition
) -> list[errors.IpamError]:
    """Rule 31."""
    if not attachments:
        return [errors.Required("A machine is in at least one network. Name its private network.", field="networks")]
    broken: list[errors.IpamError] = []
    for key, times in Counter(attachment.network.pk for attachment in attachments).items():
        if times > 1:
            broken.append(errors.DuplicateNetwork(f"{key} is named {times} times. Name it once.", field="networks"))
    named = Counter(address for attachment in attachments for address in attachment.ips)
    for address, times in named.items():
        if times > 1:
            broken.append(errors.Invalid(f"{address} is named {times} times. Name it once.", field="networks.ips"))
    for attachment in attachments:
        network = attachment.network
        if network.is_super or network.is_underlay:
            why = "gives no addresses" if network.is_super else "is added to firewalls by itself"
            detail = f"{network} is of type {network.type}: it {why}. Leave it out."
            broken.append(errors.NetworkNotUsable(detail, field="networks"))
        elif network.project_id and network.project_id != project.pk and not network.is_shared_child:
            broken.append(errors.WrongProject(f"{network} belongs to another project.", field="networks"))
        if network.partition_id and network.partition_id != partition.pk:
            detail = f"{network} is in partition {network.partition_id}, the machine in {partition.pk}."
            broken.append(errors.WrongPartition(detail, field="networks"))
    return broken


def _violations_of_machine(
    attachments: Sequence[Attachment], of_networks: Mapping[str, set[Family]]
) -> list[errors.IpamError]:
    """Rule 29: one private network per family, be it one network for both or one for each."""
    private = [attachment.network for attachment in attachments if attachment.network.is_child]
    if not private:
        detail = "A machine is in a private network. Carve a child network for the project and name it."
        return [errors.PrivateNetworkRequired(detail, field="networks")]
    broken: list[errors.IpamError] = []
    for family in Family:
        sharing = [network.pk for network in private if family in of_networks[network.pk]]
        if len(sharing) > 1:
            detail = (
                f"{' and '.join(sharing)} both give {family.label}. A machine has one private network per family; "
                "keep one, or limit one of them to the other family."
            )
            broken.append(errors.TooManyPrivateNetworks(detail, field="networks"))
    return broken


def _violations_of_firewall(attachments: Sequence[Attachment]) -> list[errors.IpamError]:
    """Rule 30."""
    networks = [attachment.network for attachment in attachments]
    broken: list[errors.IpamError] = []
    if not any(network.is_external for network in networks):
        detail = "A firewall leads to the outside. Name an external network."
        broken.append(errors.ExternalNetworkRequired(detail, field="networks"))
    if not any(network.is_child for network in networks):
        detail = "A firewall guards a private network. Name a child network."
        broken.append(errors.PrivateNetworkRequired(detail, field="networks"))
    shared = [network.pk for network in networks if network.is_shared_child]
    if len(shared) > 1:
        detail = f"{' and '.join(shared)} are both shared. A firewall joins one shared network at most."
        broken.append(errors.TooManyPrivateNetworks(detail, field="networks"))
    return broken


def _families(attachment: Attachment) -> set[Family]:
    """The families that a machine speaks in this network."""
    present = {prefix.address_family for prefix in attachment.network.prefixes.all()}
    if attachment.ips:
        return {Family.of(address) for address in attachment.ips}
    return present & set(attachment.families) if attachment.families else present
