"""Narrow a list by what a person types: an address, a CIDR or a part of one is a range; all else is part of a name."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from ipam.address_parts import block_of
from ipam.models import IPAddress, Network, Prefix

_FEW = 1000


def addresses(queryset: Any, text: str) -> Any:
    """Addresses in the block that `text` names, or else those with it in their name or description."""
    wanted = block_of(text)
    return queryset.matching(text) if wanted is None else queryset.within(wanted)


def prefixes(queryset: Any, text: str) -> Any:
    """Prefixes that share an address with the block that `text` names, or else those of networks named like it."""
    wanted = block_of(text)
    return _of_networks(queryset, text) if wanted is None else queryset.overlapping(wanted)


def free_blocks(queryset: Any, text: str) -> Any:
    """Free blocks that share an address with the block that `text` names, or else those of such networks."""
    wanted = block_of(text)
    if wanted is None:
        return _of_networks(queryset, text)
    found = queryset.overlapping(wanted)
    # Blocks are found by their prefix. Large blocks lie in too many to name, but are then found in any order.
    keys = list(Prefix.objects.overlapping(wanted).values_list("pk", flat=True)[: _FEW + 1])
    return found.filter(prefix__in=keys) if len(keys) <= _FEW else found


def _of_networks(queryset: Any, text: str) -> Any:
    return queryset.filter(network__in=Network.objects.matching(text).order_by().values("pk"))


def cluster_ranges(queryset: Any, text: str) -> Any:
    """Pods and services that share an address with the block that `text` names, or else those of such clusters."""
    wanted = block_of(text)
    return queryset.filter(cluster__name__icontains=text) if wanted is None else queryset.overlapping(wanted)


def networks(queryset: Any, text: str) -> Any:
    """Networks with a prefix that shares an address with the block, and those with such an id or name."""
    named = Q(pk__in=queryset.model.objects.matching(text).values("pk"))
    wanted = block_of(text)
    if wanted is None:
        return queryset.filter(named)
    return queryset.filter(named | Exists(Prefix.objects.overlapping(wanted).filter(network=OuterRef("pk"))))


def machines(queryset: Any, text: str) -> Any:
    """Machines with an address in the block, with this ASN, and those with such an id, name or host name."""
    found: Any = Q(pk__in=queryset.model.objects.matching(text).values("pk"))
    if text.isascii() and text.isdigit() and len(text) <= len(str(2**32)):
        found |= Q(asn=int(text))
    wanted = block_of(text)
    if wanted is not None:
        found |= Exists(IPAddress.objects.within(wanted).filter(machine=OuterRef("pk")))
    return queryset.filter(found)
