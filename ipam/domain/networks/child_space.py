"""The space of children: prefixes taken out of their parent's, chosen (rule 14) or named."""

from collections.abc import Iterable, Mapping
from functools import partial

from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.networks import child_rules
from ipam.domain.networks.prefixes import NO_FIELDS, PrefixFields
from ipam.domain.space import allocator, carving, free_rows, free_space, usable_space
from ipam.domain.space.free_rows import Part
from ipam.models import Network, Prefix


def find_sources(parent: Network, cidrs: Iterable[IPNetwork]) -> dict[IPNetwork, Prefix]:
    """The prefix of the parent that each of these lies in; NotInPrefix where one lies in none."""
    return {cidr: _find_source(parent, cidr) for cidr in cidrs}


def take_exactly(
    network: Network, parent: Network, sources: Mapping[IPNetwork, Prefix], fields: PrefixFields = NO_FIELDS
) -> list[Prefix]:
    """Take just these prefixes, each from the parent's that it lies in, with its fields if it has any; Overlap when a
    child holds a part of one.
    """
    if network.namespace_id:
        free_space.open_namespace(parent, network.namespace_id)
    for cidr, source in sources.items():
        held, whose = partial(child_rules.overlap, source, cidr, network.namespace_id), network.project_id
        allocator.acquire_exactly(source, cidr, network.namespace_id, whose, find_holder=held, field="prefixes")
    return _store_prefixes(network, {cidr: source.pk for cidr, source in sources.items()}, fields=fields)


def take(
    network: Network, parent: Network, lengths: Mapping[Family, int], within: Prefix | None = None
) -> list[Prefix]:
    """Carve one prefix per family; when one family has no room, `Exhausted` undoes the others (rule 14)."""
    if network.namespace_id:
        free_space.open_namespace(parent, network.namespace_id)
    try:
        carved = carving.acquire(parent, lengths, network.namespace_id, within).values()
    except carving.NoSpace as full:
        raise child_rules.exhausted(parent, full.family, lengths[full.family], network) from None
    left = [Part(parent.pk, one.prefix_id, network.namespace_id, cidr) for one in carved for cidr in one.left]
    return _store_prefixes(network, {one.cidr: one.prefix_id for one in carved}, left)


def _store_prefixes(
    network: Network, sources: Mapping[IPNetwork, int], left: Iterable[Part] = (), fields: PrefixFields = NO_FIELDS
) -> list[Prefix]:
    """Store the prefixes of a child, all of them free; with it what is `left` of the blocks they were taken from."""
    shared = {"network": network, "namespace_id": network.namespace_id}
    prefixes = [Prefix.of(cidr, parent_id=source, **shared, **fields.get(cidr, {})) for cidr, source in sources.items()]
    Prefix.objects.bulk_create(prefixes)
    usable = {
        prefix.pk: usable_space.parts(prefix.cidr, is_super=not prefix.reserve_ends, gateway=prefix.gateway)
        for prefix in prefixes
    }
    free_rows.store_together(
        [*left, *(Part(network.pk, key, None, cidr) for key, cidrs in usable.items() for cidr in cidrs)]
    )
    return prefixes


def _find_source(parent: Network, cidr: IPNetwork) -> Prefix:
    first, last = IPAddress(cidr.first, cidr.version), IPAddress(cidr.last, cidr.version)
    source = parent.prefixes.containing_address(first).filter(last__gte=last).first()
    if source is None:
        have = ", ".join(map(str, parent.prefixes.in_order()))
        raise errors.NotInPrefix(f"{cidr} lies in no prefix of {parent}, which has {have}.", field="prefixes")
    return source
