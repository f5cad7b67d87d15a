"""How full a prefix is in go-ipam's terms: the size does not shrink, and what nobody may take is taken."""

from ipam.addressing import fitting, reserved_count, size
from ipam.compat.go_ipam.messages import Value
from ipam.compat.go_ipam.spaces import Space
from ipam.models import FreeBlock, Prefix

_MAX_TOLD = 2**31 - 1  # go-ipam tells no more, of addresses and of prefixes
_SMALLEST = 2  # bits of the smallest prefix that is counted


def of(space: Space, prefix: Prefix) -> Value:
    """Sizes and counts of one prefix; what is free for children is one block where there are none."""
    family, longest = prefix.address_family, prefix.address_family.bits - _SMALLEST
    carved = space.children(prefix).count()
    free = [prefix.cidr]
    if carved:
        namespace = space.project_id if prefix.network.is_namespaced else None
        free = [block.cidr for block in FreeBlock.objects.of(prefix, namespace).order_by("first")]
    shown = [block for block in free if block.prefixlen <= longest]
    return {
        "available_ips": min(size(family, prefix.length), _MAX_TOLD),
        "acquired_ips": min(prefix.addresses.count() + reserved_count(family, prefix.length), _MAX_TOLD),
        "available_smallest_prefixes": min(sum(fitting({one.prefixlen: 1}, longest) for one in shown), _MAX_TOLD),
        "available_prefixes": [str(one) for one in shown],
        "acquired_prefixes": carved,
    }
