"""What all documents are about: a cluster as stored, its plan, and what belongs to it, read when a document asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.clusters.plan import Plan, Ranges
from ipam.models import Claim, Cluster, IPAddress, Machine, MachineNetwork
from ipam.models.networks import NetworkType

MAX_MACHINES = 1_000
MAX_CLAIMS = 1_000


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A cluster as its documents know it. `pool` is the network whose addresses load balancers give out, if not all;
    `machine` the one that a document is for, if one was named."""

    cluster: Cluster
    plan: Plan
    pool: str = ""
    machine: Machine | None = None

    @property
    def name(self) -> str:
        return self.cluster.name

    @property
    def families(self) -> Sequence[Family]:
        """The primary first."""
        return self.plan.families

    @property
    def version(self) -> str:
        """Of Kubernetes with “v” and a patch, as kubeadm and Cluster API want it."""
        version = self.plan.kubernetes_version
        return f"v{version}" if version.count(".") == 2 else f"v{version}.0"

    @cached_property
    def externals(self) -> list[str]:
        """The networks that the cluster's firewalls join besides its own."""
        if not self.plan.firewalls:
            return []
        beside = MachineNetwork.objects.filter(machine__attachments__network=self.cluster.network_id)
        external = beside.filter(network__type=NetworkType.EXTERNAL, machine__role=Machine.Role.FIREWALL)
        return list(external.order_by("network").values_list("network", flat=True).distinct())

    @cached_property
    def api(self) -> dict[Family, Address]:
        """The addresses that its API server is reached by, the primary family first; none if it has none."""
        if self.cluster.api_allocation is None:
            return {}
        held = IPAddress.objects.filter(allocation=self.cluster.api_allocation)
        found = {one.address_family: one.address for one in held}
        return {family: found[family] for family in self.families if family in found}

    @cached_property
    def balanced(self) -> list[Address]:
        """The addresses of its load balancers, which it owns; nothing that a claim or another cluster holds."""
        if not vars(self.cluster).get("owns", True):  # one that was fetched with its plan knows it
            return []
        owned = IPAddress.objects.filter(cluster=self.cluster, family__in=self.families)
        owned = owned.exclude(allocation=self.cluster.api_allocation) if self.cluster.api_allocation else owned
        owned = owned.filter(network=self.pool) if self.pool else owned
        return list(owned.order_by("address").values_list("address", flat=True))

    @cached_property
    def machines(self) -> list[Machine]:
        """The node that was named, else the first of all, with their addresses."""
        nodes = nodes_of(self.cluster)
        rows = nodes.filter(pk=self.machine.pk) if self.machine else nodes
        return list(rows.order_by("pk").prefetch_related("addresses")[:MAX_MACHINES])

    @property
    def all_claims(self) -> QuerySet[Claim]:
        """Claims of addresses by the cluster's project."""
        return Claim.objects.filter(project=self.cluster.project_id).exclude(allocation=None)

    @cached_property
    def claims(self) -> list[Claim]:
        """The first of them, by name."""
        return list(self.all_claims.order_by("name", "pk")[:MAX_CLAIMS])

    @cached_property
    def claimed(self) -> list[IPAddress]:
        """The addresses of these claims, by what they are called."""
        held = IPAddress.objects.filter(allocation__in=[one.allocation for one in self.claims])
        return list(held.select_related("machine").order_by("name", "address"))

    def node_addresses(self, machine: Machine) -> dict[Family, Address]:
        """The lowest address of each family that a machine alone has in the node network, the primary family first."""
        held = machine.addresses.all()
        own = [one for one in held if one.network_id == self.cluster.network_id and not one.shared]
        found = {one.address_family: one.address for one in sorted(own, key=lambda one: one.address, reverse=True)}
        return {family: found[family] for family in self.families if family in found}

    def held(self, family: Family) -> QuerySet[IPAddress, Any]:
        """What is held of the node network in a family, as addresses, lowest first."""
        held = IPAddress.objects.filter(network=self.cluster.network_id, family=family)
        return held.order_by("address").values_list("address", flat=True)

    @property
    def gateways(self) -> dict[Family, Address]:
        """The gateways of the node network's prefixes, where they have one."""
        known = self.cluster.network.prefixes.all()
        return {one.address_family: one.gateway for one in known if one.gateway is not None}


def nodes_of(cluster: Cluster) -> QuerySet[Machine]:
    """What can be a node of a cluster: the machines of its project in its node network, no firewalls."""
    own = Machine.objects.filter(project=cluster.project_id, role=Machine.Role.MACHINE)
    return own.filter(attachments__network=cluster.network_id)


def joined(ranges: Ranges) -> str:
    """The ranges as components take them in one argument, the primary first."""
    return ",".join(str(cidr) for cidr in ranges.values())


def texts(cidrs: Sequence[IPNetwork] | Ranges) -> list[str]:
    """CIDRs as a list of YAML has them."""
    return [str(cidr) for cidr in (cidrs.values() if isinstance(cidrs, dict) else cidrs)]


def api_server(subject: Subject) -> dict[str, Any]:
    """What kubeadm says of the API server: its certificate is for the cluster's own addresses of all families."""
    names = [str(address) for address in subject.api.values()]
    return {"apiServer": {"certSANs": names}} if names else {}


def masks(plan: Plan) -> list[tuple[str, int]]:
    """The node masks as `node-cidr-mask-size…` flags of the controller-manager.

    The flag without a family is for one family only and refused with two, so each is named by its family.
    """
    return [(f"node-cidr-mask-size-{family.key}", plan.node_mask[family]) for family in plan.families]
