"""A cloud with one of everything, and the browser of a data keeper."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain import addresses, machines, tokens, vrfs
from ipam.domain.machines import Attachment
from ipam.models import VRF, ApiToken, IPAddress, Machine, Network, Partition, Project
from tests.builders import ip


@pytest.fixture
def web(client: Client, operator: User) -> Client:
    """A browser in which a superuser is signed in."""
    client.force_login(operator)
    return client


@pytest.fixture
def machine(internet: Network, private: Network, project: Project, partition: Partition) -> Machine:
    """Alice's machine in her private network and the internet."""
    return machines.allocate(
        id="worker-1",
        name="worker",
        project=project,
        partition=partition,
        networks=[Attachment(network=private), Attachment(network=internet)],
    )


@pytest.fixture
def vpn(internet: Network, project: Project) -> IPAddress:
    """A static address of Alice's that belongs to no machine."""
    (address,) = addresses.allocate(internet, project=project, name="vpn", type="static", addresses=[ip("203.0.113.200")])
    return address


@pytest.fixture
def vrf(db: None) -> VRF:
    """A VRF that nobody uses."""
    return vrfs.create(id=7, name="spare")


@pytest.fixture
def token(operator: User) -> ApiToken:
    tokens.issue(operator, name="pipeline")
    return ApiToken.objects.get()


@pytest.fixture
def cloud(
    machine: Machine, vpn: IPAddress, underlay: Network, vrf: VRF, token: ApiToken, stranger: Project
) -> dict[str, Any]:
    """One of everything, by the name of its model in urls."""
    first = private_prefix()
    return {}
