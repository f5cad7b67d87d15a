"""Free space, computed the slow and obvious way from what is taken, to compare the stored blocks with."""

from netaddr import IPSet

from ipam.addressing import Family, reserved_addresses
from ipam.models import FreeBlock, IPAddress, Network, Prefix
from ipam.models.networks import SUPER_TYPES

NEVER_USED = IPSet(["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/96", "::ffff:0:0/96", "fe80::/10",
                    "ff00::/8"])  # fmt: skip


def misstated_free_space() -> list[str]:
    """The prefixes whose free blocks are not exactly what is left of them, merged as far as alignment allows."""
    return [
        f"{prefix} of {prefix.network_id}"
        for prefix in Prefix.objects.select_related("network")
        for namespace in _namespaces(prefix)
        if sorted(free.cidr for free in FreeBlock.objects.filter(prefix=prefix, namespace=namespace))
        != sorted(_left(prefix, namespace).iter_cidrs())
    ]


def halves() -> list[str]:
    """Addresses in networks of both families whose allocation lacks the other one."""
    return [
        str(address)
        for network in Network.objects.exclude(type__in=SUPER_TYPES)
        for family in Family
        if network.prefixes.filter(family=family).exists()
        for address in IPAddress.objects.filter(network=network).lacking(family)
    ]


def _namespaces(prefix: Prefix) -> set[object]:
    if not prefix.network.is_namespaced:
        return {None}
    opened = FreeBlock.objects.filter(network=prefix.network).values_list("namespace", flat=True)
    carved = Prefix.objects.filter(parent__network=prefix.network).values_list("namespace", flat=True)
    return {*opened, *carved}


def _left(prefix: Prefix, namespace: object) -> IPSet:
    taken = IPSet(prefix.addresses.values_list("address", flat=True))
    children = prefix.children.filter(namespace=namespace) if namespace else prefix.children.all()
    taken |= IPSet([child.cidr for child in children])
    if not prefix.network.is_super:
        taken |= IPSet(reserved_addresses(prefix.cidr))
    return IPSet([prefix.cidr]) - taken - NEVER_USED
