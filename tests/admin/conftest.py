"""A cloud with one of everything, and the browser of a data keeper."""

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client

from ipam.domain import accounts, addresses, claims, clusters, machines, members, survey, tokens, vrfs
from ipam.domain.cluster_drafts import NewCluster
from ipam.domain.machines import Attachment
from ipam.models import (
    VRF,
    ApiToken,
    Claim,
    Cluster,
    ClusterRange,
    Event,
    Finding,
    FreeBlock,
    Identity,
    IPAddress,
    KeptAnswer,
    LocalSpace,
    Machine,
    MachineNetwork,
    Network,
    NumberRange,
    Partition,
    Prefix,
    Project,
    RoleBinding,
    ServiceAccount,
    UtilizationSample,
)
from tests.admin.keeper import Keeper
from tests.builders import ip
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
    return clusters.create(NewCluster(name="web", project=project, network=private))


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
    """One of everything, by its model."""
    survey.take()
    return {
        Event: Event.objects.all()[0],
        Finding: Finding.objects.all()[0],
        UtilizationSample: UtilizationSample.objects.all()[0],
        Partition: partition,
        Project: project,
        VRF: vrf,
        Network: tenants,
        Prefix: tenants.prefixes.in_order()[0],
        FreeBlock: machine.networks.get(pk="internet").free_blocks.all()[0],
        IPAddress: vpn,
        Machine: machine,
        MachineNetwork: machine.attachments.all()[0],
        NumberRange: NumberRange.objects.all()[0],
        ApiToken: token,
        RoleBinding: robot.user.role_bindings.get(),
        ServiceAccount: robot,
        KeptAnswer: KeptAnswer.objects.create(user=token.user, key="k1", request=bytes(32), status=201),
        Cluster: cluster,
        ClusterRange: cluster.ranges.all()[0],
        LocalSpace: LocalSpace.objects.get(),
        Claim: claims.claim(private, project=project, name="vip"),
        Identity: accounts.link(robot.user, issuer="https://id.example.org", subject="1"),
    }
