"""One box for everything: an address, a CIDR, a part of one, a name, an id, a VNI, an ASN."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.address_parts import block_of
from ipam.models import VRF, IPAddress, Machine, Network, Partition, Prefix, Project

KINDS = ("addresses", "prefixes", "networks", "machines", "projects", "partitions", "vrfs")
_HIGHEST_NUMBER = 2**32 - 1  # of an ASN


@dataclass(frozen=True)
class Hit:
    """One thing that was found. `network` is the id of the network that an address or prefix belongs to."""

    kind: str
    id: str
    text: str
    detail: str = ""
    network: str = ""


def find(text: str, *, limit: int = 10) -> list[Hit]:
    """The best hits of each kind, at most `limit` of each, best kind first; about seven statements at any size.

    Addresses and prefixes are found by their place in address space, never by a scan over names: a million
    addresses cost as much as ten. An address that nobody holds finds the prefixes that would hold it.
    """
    text = text.strip()
    if not text or "\0" in text:
        return []
    hits: list[Hit] = []
    if (wanted := block_of(text)) is not None:
        hits += [*_addresses(wanted, limit), *_prefixes(wanted, limit)]
    return [*hits, *_named(text, limit)]


def _addresses(wanted: IPNetwork, limit: int) -> Iterator[Hit]:
    for address in IPAddress.objects.within(wanted).order_by("address")[:limit]:
        yield Hit("addresses", str(address.pk), str(address), address.name, address.network_id)


def _prefixes(wanted: IPNetwork, limit: int) -> Iterator[Hit]:
    """Those that hold the block, the most specific first, then those inside it."""
    first, last = Address(wanted.first, wanted.version), Address(wanted.last, wanted.version)
    family = Family.of(wanted)
    holding = Prefix.objects.filter(family=family, first__lte=first, last__gte=last).order_by("-length")
    inside = Prefix.objects.within(wanted).exclude(first=first, last=last).order_by("first")
    for prefix in [*holding[:limit], *inside[:limit]][:limit]:
        yield Hit("prefixes", str(prefix.pk), str(prefix), prefix.network_id, prefix.network_id)


def _named(text: str, limit: int) -> Iterator[Hit]:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
    for network in Network.objects.matching(text).order_by("id")[:limit]:
        yield Hit("networks", network.pk, network.name or network.pk, network.type, network.pk)
    asn = Q(asn=number) if number is not None and number <= _HIGHEST_NUMBER else Q()
    machines = Machine.objects.matching(text) | Machine.objects.filter(asn) if asn else Machine.objects.matching(text)
    for machine in machines.order_by("id")[:limit]:
        yield Hit("machines", machine.pk, machine.name or machine.pk, machine.role)
    for project in Project.objects.matching(text).order_by("id")[:limit]:
        yield Hit("projects", str(project.pk), project.name or str(project.pk), project.tenant)
    for partition in Partition.objects.matching(text).order_by("id")[:limit]:
        yield Hit("partitions", partition.pk, partition.name or partition.pk)
    for vrf in VRF.objects.matching(text).order_by("id")[:limit]:
        yield Hit("vrfs", str(vrf.pk), str(vrf.pk), vrf.name)
