"""What addresses must keep, one by one and by the thousand alike (rules 4a and 21 to 27), and the words for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from netaddr import IPAddress as Address
from netaddr import IPNetwork as Cidr

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.space import aside
from ipam.labels import label_bytes
from ipam.models import IPAddress, Machine, Network, Prefix, Project

MAX_PER_REQUEST = 1000  # allocations
_MAX_TEXT = 16_000_000  # bytes of names, descriptions and labels that one request stores, for each allocation


def check_request(families: Sequence[Family], addresses: Sequence[Address], count: int) -> None:
    """What is asked for, before it is known of whom: IpAndAddressFamily or Invalid where it contradicts itself."""
    if addresses and families:
        raise errors.IpAndAddressFamily(
            "A named address has its family in itself. Give the address or the family, not both.", field="ip"
        )
    if len({address.version for address in addresses}) < len(addresses):
        raise errors.Invalid("An allocation has at most one address of each family. Ask for one of each.", field="ip")
    if not 1 <= count <= MAX_PER_REQUEST:
        raise errors.Invalid(f"count is a number from 1 to {MAX_PER_REQUEST}.", field="count")
    if addresses and count > 1:
        raise errors.Invalid("A named address exists once. Leave the count out.", field="count")


def check_room(count: int, name: str, description: str, labels: Mapping[str, str]) -> None:
    """TooLarge when what each of so many allocations stores is more than 16,000,000 bytes together."""
    each = len(name.encode()) + len(description.encode()) + label_bytes(labels)
    if count * each > _MAX_TEXT:
        raise errors.TooLarge(
            f"{count:,} times {each:,} bytes of texts and labels are more than {_MAX_TEXT:,} bytes. "
            "Ask for fewer at once, or shorten the texts."
        )


def check_may_use(network: Network, project: Project) -> None:
    """Rule 21: who may take addresses from which network."""
    if network.is_super:
        raise errors.NetworkNotUsable(
            f"{network} is a super network: it gives prefixes, no addresses. Carve a child network and use that.",
            field="network",
        )
    if network.project_id and network.project_id != project.pk and not network.is_shared_child:
        raise errors.WrongProject(
            f"{network} belongs to another project. Use a network of project {project}, an external or a shared one.",
            field="project",
        )


def check_may_take(network: Network, project: Project) -> None:
    """Rule 21, and that no other system owns the network."""
    check_may_use(network, project)
    access.require_own(network)


def check_stays_static(address: IPAddress, wanted: str) -> None:
    """Rule 27: a static address stays static."""
    if address.type == IPAddress.Type.STATIC and wanted == IPAddress.Type.EPHEMERAL:
        raise errors.StaticToEphemeral(
            f"{address} is static and stays so: something outside may rely on it. Release it and take another.",
            field="type",
        )


def owned(address: IPAddress) -> errors.IpamError:
    """An address that a cluster owns goes back through the cluster, or with it."""
    cluster = address.cluster if access.sees(address) else "a cluster"
    return errors.InUse(f"{address} belongs to cluster {cluster}. Take it from there, or release the cluster.")


def of_machine(address: IPAddress) -> errors.IpamError:
    """What machines have is not released by itself (rule 28); it knows them."""
    if (others := len(address.machine_ids) - 1) > 0:
        return errors.InUse(
            f"{address} is shared by machine {address.machine} and {others:,} more. Take it off all of them first."
        )
    how = (
        "Take it off that first."
        if address.type == IPAddress.Type.STATIC
        else "Release the machine; its ephemeral addresses go with it."
    )
    return errors.InUse(f"{address} belongs to machine {address.machine}. {how}")


def check_shared(shared: str, type: str) -> None:
    """Invalid where what several machines may have at once would go with one of them."""
    if shared and type != IPAddress.Type.STATIC:
        raise errors.Invalid(
            "A shared address stays when a machine of it goes, so it is static. Ask for the type static.",
            field="shared",
        )


def check_machines(address: Address, shared: str, machines: Sequence[str]) -> None:
    """Invalid where several machines, by their ids, are to have what is not shared, or one is named twice."""
    for key, times in Counter(machines).items():
        if times > 1:
            raise errors.Invalid(f"Machine {key} is named {times} times. Name it once.", field="machines")
    if len(machines) > 1 and not shared:
        raise errors.Invalid(
            f"{address} is not shared, so one machine has it at most. Take an address that is, as anycast or vip.",
            field="machines",
        )


def check_unbound(addresses: Sequence[Any]) -> None:
    """InUse for those of locked addresses that a cluster owns or a controller claims."""
    errors.raise_all([*_claimed(addresses), *(owned(address) for address in addresses if address.cluster_id)])


def check_unclaimed(addresses: Sequence[Any]) -> None:
    """InUse for those of locked addresses that a controller claims."""
    errors.raise_all(list(_claimed(addresses)))


def _claimed(addresses: Iterable[Any]) -> Iterator[errors.IpamError]:
    for one in addresses:
        if one.claimed:
            yield errors.InUse(f"A controller claims {one} as “{one.claimed}”. Release the claim of that name.")


def check_machine(machine: Machine, network: Network, project: Project, *, is_joined: bool) -> None:
    """An address of a machine is of its project and of a network that it has joined; another system's gets none."""
    access.require_own(machine)
    if machine.project_id != project.pk:
        raise errors.WrongProject(f"Machine {machine} belongs to another project.", field="machine")
    if not is_joined:
        raise errors.NetworkNotUsable(
            f"Machine {machine} is not in network {network}. Use an address of one of its networks.", field="machine"
        )


def without_family(network: Network, family: Family) -> errors.FamilyNotInNetwork:
    """Rule 22: a family that is asked for is one that the network has."""
    return errors.FamilyNotInNetwork(
        f"{network} has no {family.label} prefix. Add one, or ask for another family.", field="address_family"
    )


def exhausted(network: Network, family: Family, count: int) -> errors.Exhausted:
    """Rule 22: a network has fewer free addresses of a family than are asked for."""
    left = "no free address" if count == 1 else f"fewer than {count:,} free addresses"
    return errors.Exhausted(
        f"{family.label} of {network} has {left}.{aside.sentences(network, family)} Release some, or add an "
        f"{family.label} prefix. Nothing was taken.",
        field="address_family",
    )


def not_in_prefix(address: Address, network: Network, prefixes: Iterable[Prefix]) -> errors.IpamError:
    """Rule 24: a named address lies in a prefix of the network."""
    return errors.NotInPrefix(
        f"{address} lies in no prefix of {network}. Choose one in {', '.join(map(str, prefixes))}.", field="ip"
    )


def reserved(address: Address, prefix: Prefix | Cidr, *, field: str = "ip") -> errors.IpamError:
    """Rule 25: reserved addresses are never given."""
    return errors.ReservedAddress(
        f"{address} is the network, broadcast or subnet-router address of {prefix}. Choose another.", field=field
    )


def held_end(prefix: Prefix, holder: IPAddress) -> errors.IpamError:
    """An end that somebody holds cannot be reserved."""
    return errors.InUse(
        f"{holder} would be a reserved end of {prefix}, and is held by {_describe(holder)}. Release it first.",
        field="reserve_ends",
    )


def taken(address: Address, holder: IPAddress) -> errors.IpamError:
    """Rule 26: an address exists once."""
    return errors.AlreadyAllocated(
        f"{address} is held by {_describe(holder)}. Choose another, or release it first.", field="ip"
    )


def _describe(holder: IPAddress) -> str:
    if not access.sees(holder):
        return "another project"
    owner = f"machine {holder.machine}" if holder.machine_id else f"project {holder.project}"
    return f"{owner} (“{holder.name}”)" if holder.name else owner
