"""Masks and ranges for whatever a request left out: the largest that are free where the switches announce them."""

from collections.abc import Iterable, Mapping, Sequence

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import sizing
from ipam.domain.clusters.plan import NewCluster, Plan, Ranges, announcable, usable
from ipam.domain.space import gaps, reservations, usable_space
from ipam.models import LocalSpace, Machine, MachineNetwork, Network

_MAX_PROPOSED_NODES = 4096  # of a node network that holds more, as every IPv6 prefix does


def complete(asked: NewCluster, network: Network) -> Plan:
    """The plan that was asked for, with masks and ranges for all that was left out."""
    nodes = _nodes(asked.families, network)
    count = asked.wanted_nodes or min(_MAX_PROPOSED_NODES, *(usable(cidr) for cidr in nodes.values()))
    mask = {family: sizing.node_mask(family, asked.max_pods) for family in asked.families} | dict(asked.node_mask)
    shortest = {family: sizing.pods_length(family, mask[family], count) for family in asked.families}
    lengths = {  # without a wish for so many nodes, as many as there is room for
        family: range(length, 1 + (length if asked.wanted_nodes else mask[family]))
        for family, length in shortest.items()
    }
    pods = _propose("pods", asked.pods, lengths, network, [*nodes.values(), *asked.services.values()])
    lengths = {family: range(length := sizing.SERVICES_LENGTH[family], length + 1) for family in asked.families}
    services = _propose("services", asked.services, lengths, network, [*nodes.values(), *pods.values()])
    return Plan(
        platform=asked.platform,
        kubernetes_version=asked.kubernetes_version,
        families=asked.families,
        nodes=nodes,
        pods=pods,
        services=services,
        node_mask=mask,
        max_pods=asked.max_pods,
        wanted_nodes=asked.wanted_nodes,
        native_routing=asked.native_routing,
        firewalls=len(firewalls([network.pk])),
        announcable=announcable(network),
    )


def _nodes(families: Sequence[Family], network: Network) -> dict[Family, IPNetwork]:
    held = {one.address_family: one.cidr for one in network.prefixes.all()}
    for family in families:
        if family not in held:
            raise errors.FamilyNotInNetwork(
                f"{network.pk} has no {family.label} prefix for the nodes. Add {family.label} to it, or plan without.",
                field="families",
            )
    return {family: held[family] for family in families}


def _propose(
    purpose: str, given: Ranges, lengths: Mapping[Family, range], network: Network, own: Sequence[IPNetwork]
) -> dict[Family, IPNetwork]:
    """What was given, and of other families the largest free range of these lengths, away from the cluster's own."""
    proposed = {}
    for family, possible in lengths.items():
        if family in given:
            continue
        sources = _sources(family, network)
        taken = [cidr for source in sources for cidr in reservations.taken_in(source, network)]
        taken += [never for source in sources for never in usable_space.never_used_blocks(source)]
        tried = (gaps.free_range(sources, [*own, *taken], length) for length in possible)
        found = next(filter(None, tried), None)
        if found is None:
            raise errors.Exhausted(
                f"No {family.label} /{possible.start} for {purpose} is free in {', '.join(map(str, sources))}. "
                "Want fewer nodes, name a range yourself, or add an announcable CIDR to the super network.",
                field=purpose,
            )
        proposed[family] = found
    return {**proposed, **given}


def _sources(family: Family, network: Network) -> list[IPNetwork]:
    """Where ranges are sought: what the switches announce, then what is nobody's."""
    usual = sizing.IPV4_SPACE if family is Family.IPV4 else LocalSpace.objects.get().cidr
    return [*(cidr for cidr in announcable(network) if Family.of(cidr) is family), usual]


def firewalls(networks: Iterable[str]) -> list[str]:
    """The network of each firewall in these networks: it has an address that no node can have."""
    joined = MachineNetwork.objects.filter(network__in=list(networks), machine__role=Machine.Role.FIREWALL)
    return list(joined.values_list("network", flat=True))
