"""The API as outside tools see it: JSON in, JSON out, with a bearer token."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam.domain import addresses, networks, owners, tokens
from ipam.models import Network, Partition, Project
from tests.builders import child, cidrs, external, ip


@pytest.fixture
def api(operator: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(operator)}")
    return client


@pytest.fixture
def reserved(db: None) -> Project:
    return owners.create_project(name="reserved")


@pytest.fixture
def mini_lab(partition: Partition, reserved: Project) -> Network:
    """The internet network of the mini-lab, with its two reserved addresses."""
    network = networks.create(external(id="internet-mini-lab", partition=partition))
    for text in ("203.0.113.142", "2001:db8:0:113::142"):
        addresses.allocate(network, project=reserved, addresses=[ip(text)], type="static")
    return network


@pytest.fixture
def narrow(partition: Partition) -> Network:
    """A dual-stack network with room for two IPv4 addresses, and plenty of IPv6."""
    return networks.create(
        external(id="narrow", vrf=7, prefixes=cidrs("198.51.100.0/30", "2001:db8:0:51::/64"), destination_prefixes=[])
    )


@pytest.fixture
def home(tenants: Network, project: Project) -> Network:
    """Alice's private network: 10.0.0.0/22 and 2001:db8:0:10::/96."""
    return networks.create(child(parent=tenants, project=project))


def codes(response: Any) -> list[tuple[str, str]]:
    """What a problem says, as (field, code) pairs."""
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def results(response: Any, field: str = "id") -> list[Any]:
    """One field of each row of a list."""
    assert response.status_code == 200, response.json()
    return [row[field] for row in response.json()["results"]]
