"""A small cloud to which every operation can be done, for the tests of what that leaves behind."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.health import rebuilding
from ipam.domain.moving.mirror import passes
from ipam.domain.networks import (
    addresses,
    claims,
    machines,
    networks,
    partitions,
    plain_roots,
    projects,
    quota_limits,
    ranges,
    vrfs,
)
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import accounts, members, saved_views, tokens
from ipam.models import (
    AddressRange,
    Alert,
    AlertRule,
    ApiToken,
    Cluster,
    ClusterRange,
    Event,
    FreeBlock,
    IPAddress,
    Network,
    Partition,
    Quota,
)
from ipam.models.managed import METAL_STACK
from tests.builders import IPV4, child, cidrs, external, ip, super_network


class World:
    """A small cloud, and one of each that can be changed."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.partition = partitions.create(id="mini-lab", name="Lab")
        self.project = projects.create(name="alice")
        self.internet = networks.create(external(partition=self.partition))
        prefixes = cidrs("10.0.0.0/16", "10.7.0.0/16", "10.6.0.0/16", "2001:db8:0:10::/64")
        self.tenants = networks.create(super_network(partition=self.partition, prefixes=prefixes))
        self.home = self.carve()
        self.narrow = self.carve(address_family=[IPV4])
        self.wide = self.carve()
        self.plain = plain_roots.create(cidrs("10.99.0.0/16")[0], project=self.project, namespace="root")
        self.pair = addresses.allocate(self.internet, project=self.project, name="web")
        addresses.allocate(self.internet, project=self.project, families=[IPV4])
        self.machine = machines.allocate(
            id="m1", project=self.project, partition=self.partition, networks=[Attachment(network=self.home)]
        )
        addresses.allocate(self.home, project=self.project, families=[IPV4])
        self.vrf = vrfs.create(id=7, name="seven")
        self.empty_partition = partitions.create(id="spare")
        self.empty_project = projects.create(name="spare")
        self.reserved = self.plan("reserved", self.carve(), reserve=True)
        self.draft = self.plan("draft", self.carve(), reserve=False)
        self.claim = claims.claim(self.internet, project=self.project, name="vip")
        self.quota = self.limit(IPV4)
        self.range = self.lay("203.0.113.250", name="kept")
        self.robot = members.create_service_account(self.project, "terraform")
        self.identity = accounts.link(user, issuer="https://id.example.org", subject="1")
        tokens.issue(user, name="ci")
        self.view = saved_views.create(user, "networks", name="mine", query="type=super")
        self.token = ApiToken.objects.get().pk
        self.rule = AlertRule.objects.earliest("id")
        about = {"subject": "m1", "kind": "machine", "object_id": "m1", "project_id": self.project.pk}
        self.alert = Alert.objects.create(rule=self.rule, severity="info", since=timezone.now(), **about)
        self.unused = f"project_without_networks:project:{self.empty_project.pk}:"
        self.tomorrow = timezone.now() + timedelta(days=1)
        self.webhook, _ = webhooks.create(targets.resolve("https://1.1.1.1/"), project=self.project)
        Event.objects.all().delete()

    def carve(self, **wanted: Any) -> Network:
        return networks.create(child(parent=self.tenants, project=self.project, **wanted))

    def plan(self, name: str, network: Network, *, reserve: bool) -> Cluster:
        asked = {"project": self.project, "network": network, "wanted_nodes": 50, "gardener_version": "1.137"}
        return lifecycle.create(NewCluster(name=name, **asked), reserve=reserve)

    def migrating(self) -> Cluster:
        """The reserved one, which has just got its second family."""
        Cluster.objects.filter(pk=self.reserved.pk).update(migration_step="spec")
        return self.reserved

    def owned(self) -> Any:
        """An allocation of the reserved one."""
        IPAddress.objects.filter(allocation=self.pair[0].allocation).update(cluster=self.reserved)
        return self.pair[0].allocation

    def further(self) -> Any:
        """A further range of its services."""
        (cidr,) = cidrs("10.251.0.0/24")
        ends = {"first": ip("10.251.0.0"), "last": ip("10.251.0.255"), "length": 24, "reserved_in": self.tenants}
        ClusterRange.objects.create(cluster=self.reserved, purpose="further", family=4, **ends)
        return cidr

    def lay(self, first: str, **words: Any) -> AddressRange:
        return ranges.create(self.internet, Bounds(first=ip(first), last=ip(first)), **words)

    def limit(self, family: Family) -> Quota:
        return quota_limits.create(project=self.project, address_family=family, resource="addresses", limit=900)

    def wanted(self, text: str) -> Named:
        return Named(address=ip(text), network=self.internet, project=self.project)

    def halves(self) -> list[IPAddress]:
        """An address of each family that nobody has joined."""
        IPAddress.objects.filter(pk=self.pair[1].pk).update(allocation=uuid4())
        return self.pair

    def at_home(self) -> IPAddress:
        return IPAddress.objects.filter(network=self.home, machine=None).earliest("address")

    def attached(self) -> IPAddress:
        """One that the machine has, and that it can be without."""
        one = self.at_home()
        IPAddress.objects.filter(pk=one.pk).update(type="static", machine=self.machine)
        return one

    def rebuild_all(self) -> None:
        FreeBlock.objects.all().delete()
        rebuilding.build_all()

    def take_over(self) -> int:
        """End a mirror that had one partition."""
        Partition.objects.filter(pk="spare").update(managed_by=METAL_STACK)
        return passes.take_over()

    def join(self, name: str) -> Any:
        attachments = [Attachment(network=self.home), Attachment(network=self.internet)]
        return machines.allocate(id=name, project=self.project, partition=self.partition, networks=attachments)


def whole() -> Event:
    """The one event that is no part of another."""
    return Event.objects.get(part_of=None)
