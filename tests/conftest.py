"""The cast: a small dual-stack cloud like metal-stack's mini-lab, built through the domain layer."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam.domain import networks, owners
from ipam.models import Network, Partition, Project
from tests.builders import external, super_network


@pytest.fixture
def partition(db: None) -> Partition:
    return owners.create_partition(id="mini-lab")


@pytest.fixture
def project(db: None) -> Project:
    """Alice's project: the one that asks."""
    return owners.create_project(name="alice")


@pytest.fixture
def stranger(db: None) -> Project:
    """Mallory's project: it must get nothing of Alice's."""
    return owners.create_project(name="mallory")


@pytest.fixture
def tenants(partition: Partition) -> Network:
    """A dual-stack super network: 10.0.0.0/16 in /22s, 2001:db8:0:10::/64 in /96s."""
    return networks.create(super_network(partition=partition))


@pytest.fixture
def internet(partition: Partition) -> Network:
    """A dual-stack external network: 203.0.113.128/25 and 2001:db8:0:113::/64."""
    return networks.create(external(partition=partition))


@pytest.fixture
def operator(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow hash would be half the run
    return User.objects.create_superuser("operator", password="correct horse")
