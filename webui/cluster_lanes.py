"""A cluster as two lanes: the ranges of each family as bars of all bits of an address, and what each of them holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.clusters.plan import Capacity, FamilyCapacity, Plan
from webui.cluster_meters import NodeMeter, node_meters
from webui.meters import humanize


@dataclass(frozen=True)
class RangeCut:
    """A range to scale: of all bits of an address those up to its length are fixed, those up to `split` say which node
    or service it is, and the rest which pod of a node.
    """

    name: str
    cidr: IPNetwork
    split: int
    holds: str
    detail: str = ""
    binds: bool = False

    @property
    def bits(self) -> int:
        return Family.of(self.cidr).bits


@dataclass(frozen=True)
class ClusterLane:
    """One family of a cluster: how many nodes it has room for, and its ranges."""

    meter: NodeMeter
    place: str  # primary or second; empty where there is one family
    cuts: list[RangeCut]

    @property
    def family(self) -> Family:
        return self.meter.address_family

    @property
    def nodes(self) -> str:
        """For how many nodes there is room beside firewalls and those that come before others go."""
        return f"{humanize(self.meter.room)} node{'' if self.meter.room == 1 else 's'}"


def lanes(plan: Plan, held: Capacity, used: Mapping[Family, int]) -> list[ClusterLane]:
    """The lanes of a plan that holds so much and has so many nodes of each family, IPv4 first."""
    meters = node_meters(held, used)
    return [
        ClusterLane(meters[one.family], _place(plan, one.family), _cuts(plan, held, one))
        for one in sorted(held.families, key=lambda one: one.family)
    ]


def _place(plan: Plan, family: Family) -> str:
    return ("primary" if family is plan.primary else "second") if plan.is_dual else ""


def _cuts(plan: Plan, held: Capacity, one: FamilyCapacity) -> list[RangeCut]:
    family, mask = one.family, plan.node_mask[one.family]
    binding = held.reason if family is held.family else ""
    blocks = "taken as needed" if one.nodes_by_pods is None else f"{humanize(one.nodes_by_pods)} nodes"
    each = f"a /{mask} each, {humanize(one.pods_per_node)} pods"
    addresses, services = f"{humanize(one.nodes_by_network)} addresses", f"{humanize(one.services)} services"
    return [
        RangeCut("Nodes", plan.nodes[family], family.bits, addresses, _kept(plan), binding == "nodes"),
        RangeCut("Pods", plan.pods[family], mask, blocks, each, binding == "pods"),
        RangeCut("Services", plan.services[family], family.bits, services, _first_services(one)),
    ]


def _kept(plan: Plan) -> str:
    """What of the nodes' addresses, or of their number, is not for nodes that stay."""
    kept = {"firewall": plan.firewall_addresses, "new node while others go": plan.surge}
    return ", ".join(f"{count:,} for {'a' if count == 1 else 'the'} {what}" for what, count in kept.items() if count)


def _first_services(one: FamilyCapacity) -> str:
    named = {"API server": one.api_server, "DNS": one.dns}
    return ", ".join(f"{name} {address}" for name, address in named.items() if address)
