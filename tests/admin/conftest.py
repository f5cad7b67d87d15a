"""A cloud with one of everything, and the browser of a data keeper."""

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.utils import timezone

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses, claims, machines, quota_limits, ranges, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.people import accounts, members, tokens
from ipam.models import (
    VRF,
    AddressRange,
    Alert,
    AlertRule,
    ApiToken,
    Claim,
    Cluster,
    Event,
    Identity,
    IPAddress,
    Machine,
    Mirror,
    Network,
    Partition,
    Prefix,
    Project,
    Quota,
    RoleBinding,
    ServiceAccount,
)
from tests.admin.keeper import Keeper
from tests.builders import IPV4, ip
from tests.shared import shared_fixture


@pytest.fixture
def web(client: Client, operator: User) -> Client:
    """A browser in which a superuser is signed in."""
    client.force_login(operator)
    return client


@pytest.fixture
def keeper(web: Client) -> Keeper:
    return Keeper(web)


@shared_fixture
def machine(internet: Network, private: Network, project: Project, partition: Partition) -> Machine:
    """Alice's machine in her private network and the internet, with a pair of addresses in each."""
    return machines.allocate(
        id="worker-1",
        name="worker",
        project=project,
        partition=partition,
        networks=[Attachment(network=private), Attachment(network=internet)],
    )


@shared_fixture
def vpn(internet: Network, project: Project) -> IPAddress:
    """A static address of Alice's that belongs to no machine."""
    named = [ip("203.0.113.200")]
    (address,) = addresses.allocate(internet, project=project, name="vpn", type="static", addresses=named)
    return address


@shared_fixture
def vrf() -> VRF:
    """A VRF that nobody uses."""
    return vrfs.create(id=7, name="spare")


@shared_fixture
def token(operator: User) -> ApiToken:
    tokens.issue(operator, name="pipeline")
    return ApiToken.objects.get()


@shared_fixture
def cluster(private: Network, project: Project) -> Cluster:
    """A draft of Alice's in her private network."""
    return lifecycle.create(NewCluster(name="web", project=project, network=private))


@shared_fixture
def robot(project: Project) -> ServiceAccount:
    return members.create_service_account(project, "terraform")


@shared_fixture
def cloud(
    partition: Partition,
    project: Project,
    tenants: Network,
    private: Network,
    machine: Machine,
    vpn: IPAddress,
    vrf: VRF,
    token: ApiToken,
    robot: ServiceAccount,
    cluster: Cluster,
) -> dict[type[models.Model], models.Model]:
    """One of everything that has pages, by its model."""
    rule = AlertRule.objects.earliest("id")
    alert = {"subject": "vrf", "kind": "pool", "object_id": "vrf", "since": timezone.now()}
    return {
        Alert: Alert.objects.create(rule=rule, severity="info", **alert),
        AlertRule: rule,
        Event: Event.objects.all()[0],
        Partition: partition,
        Project: project,
        VRF: vrf,
        Network: tenants,
        Prefix: tenants.prefixes.in_order()[0],
        IPAddress: vpn,
        Machine: machine,
        ApiToken: token,
        RoleBinding: robot.user.role_bindings.get(),
        ServiceAccount: robot,
        Cluster: cluster,
        Claim: claims.claim(private, project=project, name="vip"),
        AddressRange: ranges.create(tenants, Bounds(inside=tenants.prefixes.in_order()[0].cidr, last_n=8)),
        Quota: quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=900),
        Mirror: Mirror.objects.create(pk="metal-stack", url="https://api.example.org", succeeded_at=timezone.now()),
        Identity: accounts.link(robot.user, issuer="https://id.example.org", subject="1"),
    }
