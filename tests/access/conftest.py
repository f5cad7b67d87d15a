"""A cloud of two projects, and people of every role: in Alice's project, elsewhere, and nowhere."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ipam.domain.clusters import belongings, lifecycle, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, claims, machines, networks, partitions, quota_limits, ranges, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import members, tokens
from ipam.models import (
    AddressRange,
    Alert,
    AlertRule,
    Claim,
    Cluster,
    Delivery,
    Event,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
    Quota,
    ServiceAccount,
    Webhook,
)
from tests.builders import IPV4, child, families
from tests.shared import shared_fixture

FURTHER_SERVICES = "10.252.0.0/24"  # of each cluster
ROLES = ["operator", "auditor", "owner", "editor", "viewer", "stranger", "nobody"]


@dataclass(frozen=True)
class Cloud:
    """What routes are asked about. Everything but `foreign` things is Alice's or everybody's."""

    project: Project
    foreign_project: Project
    partition: Partition
    spare_partition: Partition
    internet: Network
    private: Network
    empty: Network
    foreign: Network
    machine: Machine
    foreign_machine: Machine
    address: IPAddress
    foreign_address: IPAddress
    cluster: Cluster
    draft: Cluster
    foreign_cluster: Cluster
    claim: Claim
    foreign_claim: Claim
    quota: Quota
    foreign_quota: Quota
    range: AddressRange
    foreign_range: AddressRange
    robot: ServiceAccount
    spare_vrf: Any
    rule: AlertRule
    webhook: Webhook
    foreign_webhook: Webhook
    platform_webhook: Webhook

    @property
    def delivery(self) -> Delivery:
        return self.webhook.deliveries.get()

    @property
    def foreign_delivery(self) -> Delivery:
        return self.foreign_webhook.deliveries.get()

    @property
    def prefix(self) -> Prefix:
        return self.private.prefixes.in_order()[0]

    @property
    def foreign_prefix(self) -> Prefix:
        return self.foreign.prefixes.in_order()[0]

    @property
    def alert(self) -> Alert:
        return Alert.objects.get(project_id=self.project.pk, kind="network")

    @property
    def foreign_alert(self) -> Alert:
        return Alert.objects.get(project_id=self.foreign_project.pk, kind="network")

    @property
    def event(self) -> Event:
        return Event.objects.filter(project_id=self.project.pk)[0]

    @property
    def foreign_event(self) -> Event:
        return Event.objects.filter(project_id=self.foreign_project.pk)[0]


@shared_fixture
def two(
    partition: Partition,
    project: Project,
    stranger: Project,
    tenants: Network,
    internet: Network,
    underlay: Network,
    private: Network,
    machine: Machine,
) -> Cloud:
    """Alice's and Mallory's projects with a network, a machine, and addresses in the internet each."""
    foreign = networks.create(child(parent=tenants, project=stranger, name="mallorys", length={IPV4: 24}))
    mallorys = machine_of(foreign, internet, stranger, partition)
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static", name="alices")
    (other,) = addresses.allocate(internet, project=stranger, families=[IPV4], type="static", name="mallorys")
    cloud = Cloud(
        cluster=lifecycle.reserve(plan("alices", project, tenants)),
        foreign_cluster=lifecycle.reserve(plan("mallorys", stranger, tenants)),
        draft=plan("draft", project, tenants),
        claim=claims.claim(internet, project=project, name="alices"),
        foreign_claim=claims.claim(internet, project=stranger, name="mallorys"),
        quota=limit(project),
        foreign_quota=limit(stranger),
        range=lay(private),
        foreign_range=lay(foreign),
        project=project,
        foreign_project=stranger,
        partition=partition,
        spare_partition=partitions.create(id="spare"),
        internet=internet,
        private=private,
        empty=networks.create(child(parent=tenants, project=project, name="empty", length={IPV4: 24})),
        foreign=foreign,
        machine=machine,
        foreign_machine=mallorys,
        address=one,
        foreign_address=other,
        robot=members.create_service_account(project, "terraform"),
        spare_vrf=vrfs.create(id=77),
        rule=AlertRule.objects.earliest("id"),
        webhook=webhook(project),
        foreign_webhook=webhook(stranger),
        platform_webhook=webhook(None),
    )
    tokens.issue(cloud.robot.user, name="ci")
    surveying.run()
    alert_on(private)
    alert_on(foreign)
    return cloud


@shared_fixture
def owning(two: Cloud) -> Cloud:
    """The same, and both clusters have addresses and further services, a machine a static address."""
    for cluster in (two.cluster, two.foreign_cluster):
        belongings.take_for_load_balancers(cluster, two.internet)
        service_ranges.add(cluster, families(FURTHER_SERVICES))
    addresses.allocate(two.private, project=two.project, type="static", machine=two.machine)
    return two


def allocation_of(cluster: Cluster) -> UUID:
    return IPAddress.objects.filter(cluster=cluster)[0].allocation


def alert_on(network: Network) -> Alert:
    """An alert of its own, as judging makes them."""
    about = {"kind": "network", "object_id": network.pk, "object_name": network.name, "network_id": network.pk}
    rule = AlertRule.objects.earliest("id")
    return Alert.objects.create(
        rule=rule, subject=network.pk, project_id=network.project_id, severity="info", since=timezone.now(), **about
    )


def webhook(project: Project | None) -> Webhook:
    """With a message that waits."""
    made, _ = webhooks.create(targets.resolve(f"https://1.1.1.1/{project.name if project else ''}"), project=project)
    webhooks.test(made)
    return made


def plan(name: str, project: Project, parent: Network) -> Cluster:
    return lifecycle.create(
        NewCluster(name=name, project=project, parent=parent, wanted_nodes=30, gardener_version="1.137")
    )


def lay(network: Network) -> AddressRange:
    return ranges.create(
        network, Bounds(inside=network.prefixes.in_order()[0].cidr, last_n=8), name=f"of {network.name}"
    )


def limit(project: Project) -> Quota:
    return quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=900)


def machine_of(private: Network, internet: Network, project: Project, partition: Partition) -> Machine:
    joined = [Attachment(network=private), Attachment(network=internet)]
    return machines.allocate(project=project, partition=partition, name="mallorys", networks=joined)


@pytest.fixture(params=["small", pytest.param("large", marks=pytest.mark.slow)])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether survey, findings and lists go the ways of a small or of a large installation."""
    if request.param == "large":
        monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    return str(request.param)


@shared_fixture
def people(two: Cloud) -> dict[str, User]:
    """Somebody of every role."""
    found = {role: User.objects.create_user(role) for role in ROLES}
    for role in ("operator", "auditor"):
        members.grant(found[role], role)
    for role in ("owner", "editor", "viewer"):
        members.grant(found[role], role, project=two.project)
    members.grant(found["stranger"], "owner", project=two.foreign_project)
    return found
