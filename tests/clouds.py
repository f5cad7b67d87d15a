"""A small installation with everything in it, and one with nothing."""

from typing import Any

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses, claims, machines, networks, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import (
    VRF,
    Claim,
    Cluster,
    ClusterRange,
    FreeBlock,
    IPAddress,
    Machine,
    MachineNetwork,
    Network,
    NumberRange,
    Partition,
    Prefix,
    Project,
    RoleBinding,
    ServiceAccount,
    Tenure,
)
from tests.builders import IPV6, child, cidrs, external, namespaced


def empty() -> None:
    """What a new installation looks like."""
    Tenure.objects.all().delete()
    of_clusters = [Claim, ClusterRange, Cluster]
    of_networks = [IPAddress, FreeBlock, MachineNetwork, Machine, Prefix, Network, VRF]
    for model in [*of_clusters, *of_networks, Partition, ServiceAccount, RoleBinding, Project, NumberRange]:
        model.objects.all()._raw_delete("default")
    for pool in NumberRange.Pool:
        NumberRange.objects.create(pool=pool, first=1, last=131_072)


def fill(partition: Partition, project: Project, stranger: Project, tenants: Network) -> None:
    """Every type of network, machines of both roles, prefixes and numbers that came and went."""
    outside = networks.create(external(partition=partition, labels={"zöne": "ä\"'\n"}))
    networks.create(namespaced())
    vrfs.create(id=77, name="kept")
    private = networks.create(child(parent=tenants, project=project, name="private"))
    networks.delete(networks.create(child(parent=tenants, project=stranger)))
    networks.create(child(type="child-shared", parent=tenants, project=stranger))
    for one in (project, stranger):
        networks.create(child(parent=Network.objects.get(pk="clusters"), project=one))
    owner: dict[str, Any] = {"project": project, "partition": partition}
    machines.allocate(**owner, networks=[Attachment(network=private), Attachment(network=outside)], name="one")
    machines.release(machines.allocate(**owner, networks=[Attachment(network=private)]))
    machines.allocate(**owner, networks=[Attachment(network=outside), Attachment(network=private)], role="firewall")
    (single,) = addresses.allocate(outside, project=stranger, families=[IPV6], type="static", description="=1+1")
    addresses.update(single, name="changed")
    lifecycle.create(NewCluster(name="web", project=project, network=private, max_pods=250), reserve=True)
    lifecycle.create(NewCluster(name="draft", project=project, parent=tenants, families=[IPV6], labels={"a": "b"}))
    claims.claim(outside, project=project, name="vip")
    networks.add_prefix(outside, *cidrs("198.51.100.0/24"))
