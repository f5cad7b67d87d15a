"""Masks and ranges for whatever a request left out: the largest that are free where the switches announce them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import sizing
from ipam.domain.clusters.plan import NewCluster, Plan, Ranges, announcable, usable
from ipam.domain.space import gaps, reservations, usable_space
from ipam.models import LocalSpace, Network

_MAX_PROPOSED_NODES = 4096  # of a node network that holds more, as every IPv6 prefix does


_SAID = (  # of a request in the words of a plan, and not completed
    *("platform", "kubernetes_version", "families", "max_pods", "wanted_nodes", "native_routing", "ipam", "max_surge"),
    *("name", "gardener_project", "gardener_version", "service_cidrs"),
)


@dataclass(frozen=True)
class _Space:
    """Where ranges of a family are sought, and what of that is taken."""

    sources: Sequence[IPNetwork]
    taken: Sequence[IPNetwork]


def complete(asked: NewCluster, network: Network, *, firewalls: int) -> Plan:
    """The plan that was asked for, with masks and ranges for all that was left out; two statements at most."""
    nodes = _nodes(asked.families, network)
    room = min(_MAX_PROPOSED_NODES, *(usable(cidr) for cidr in nodes.values()))
    count = asked.wanted_nodes + asked.surge if asked.wanted_nodes else room
    mask = {family: sizing.node_mask(family, asked.max_pods) for family in asked.families} | dict(asked.node_mask)
    shortest = {family: sizing.pods_length(family, mask[family], count) for family in asked.families}
    lengths = {  # without a wish for so many nodes, as many as there is room for
        family: range(length, 1 + (length if asked.wanted_nodes else mask[family]))
        for family, length in shortest.items()
    }
    spaces = _spaces(asked, network)
    pods = _propose("pods", asked.pods, lengths, spaces, [*nodes.values(), *asked.services.values()])
    lengths = {family: range(length := sizing.SERVICES_LENGTH[family], length + 1) for family in asked.families}
    services = _propose("services", asked.services, lengths, spaces, [*nodes.values(), *pods.values()])
    said: dict[str, Any] = {name: getattr(asked, name) for name in _SAID}
    said |= {"nodes": nodes, "pods": pods, "services": services, "node_mask": mask}
    return Plan(**said, firewalls=firewalls, announcable=announcable(network))


def _nodes(families: Sequence[Family], network: Network) -> dict[Family, IPNetwork]:
    held = {one.address_family: one.cidr for one in network.prefixes.all()}
    for family in families:
        if family not in held:
            raise errors.FamilyNotInNetwork(
                f"{network} has no {family.label} prefix for the nodes. Add {family.label} to it, or plan without.",
                field="families",
            )
    return {family: held[family] for family in families}


def _spaces(asked: NewCluster, network: Network) -> dict[Family, _Space]:
    """The space of each family of which something is left out."""
    missing = [family for family in asked.families if family not in asked.pods or family not in asked.services]
    sources = {family: _sources(family, network) for family in missing}
    every = [source for of_family in sources.values() for source in of_family]
    taken = reservations.taken_in(every, network) if every else []
    taken += [never for source in every for never in usable_space.never_used_blocks(source)]
    return {
        family: _Space(of_family, [cidr for cidr in taken if Family.of(cidr) is family])
        for family, of_family in sources.items()
    }


def _propose(
    purpose: str,
    given: Ranges,
    lengths: Mapping[Family, range],
    spaces: Mapping[Family, _Space],
    own: Sequence[IPNetwork],
) -> dict[Family, IPNetwork]:
    """What was given, and of other families the largest free range of these lengths, away from the cluster's own."""
    proposed = {}
    for family, possible in lengths.items():
        if family in given:
            continue
        space = spaces[family]
        tried = (gaps.free_range(space.sources, [*own, *space.taken], length) for length in possible)
        found = next(filter(None, tried), None)
        if found is None:
            raise errors.Exhausted(
                f"No {family.label} /{possible.start} for {purpose} is free in {', '.join(map(str, space.sources))}. "
                "Want fewer nodes, name a range yourself, or add an announcable CIDR to the super network.",
                field=purpose,
            )
        proposed[family] = found
    return {**proposed, **given}


def _sources(family: Family, network: Network) -> list[IPNetwork]:
    """Where ranges are sought: what the switches announce, then what is nobody's."""
    usual = sizing.IPV4_SPACE if family is Family.IPV4 else LocalSpace.objects.get().cidr
    return [*(cidr for cidr in announcable(network) if Family.of(cidr) is family), usual]
