"""The cast: a small dual-stack cloud like metal-stack's mini-lab, built through the domain layer."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from ipam.domain.core import context
from ipam.domain.networks import machines, networks, partitions, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Machine, Network, Partition, Project
from tests import clouds, shared
from tests.builders import child, external, super_network, underlay_network
from tests.shared import shared_fixture

# Every day the same few examples are tried, in CI more of them ("many"); "thorough" searches for long.
_HEALTHY = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
hypothesis_settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=15, suppress_health_check=_HEALTHY
)
hypothesis_settings.register_profile("many", hypothesis_settings.get_profile("default"), max_examples=50)
hypothesis_settings.register_profile(
    "thorough", hypothesis_settings.get_profile("default"), derandomize=False, max_examples=2000
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(shared)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def _key_of_secrets() -> Iterator[None]:
    with override_settings(SECRETS_KEY="c2VjcmV0cyBvZiB0ZXN0cyBhcmUga2VwdCB3aXRoIGk="):
        yield


@pytest.fixture(autouse=True, scope="session")
def _system() -> Iterator[None]:
    """Twofold itself asks, unless a test says that somebody else does (tests.callers)."""
    with context.system():
        yield


@pytest.fixture(autouse=True)
def _as_fast_as_it_goes(settings: Any) -> None:
    """Tests send more requests in a minute than anybody else; those of the limit set their own.

    They make a client each, which need not look at every static file first.
    """
    settings.REQUESTS_PER_MINUTE = 0
    settings.WHITENOISE_AUTOREFRESH = True


@shared_fixture
def partition() -> Partition:
    return partitions.create(id="mini-lab")


@shared_fixture
def project() -> Project:
    """Alice's project: the one that asks."""
    return projects.create(name="alice")


@shared_fixture
def stranger() -> Project:
    """Mallory's project: it must get nothing of Alice's."""
    return projects.create(name="mallory")


@shared_fixture
def tenants(partition: Partition) -> Network:
    """A dual-stack super network: 10.0.0.0/16 in /22s, 2001:db8:0:10::/64 in /96s."""
    return networks.create(super_network(partition=partition))


@shared_fixture
def internet(partition: Partition) -> Network:
    """A dual-stack external network: 203.0.113.128/25 and 2001:db8:0:113::/64."""
    return networks.create(external(partition=partition))


@shared_fixture
def underlay(partition: Partition) -> Network:
    """The underlay of the partition: 10.1.0.0/24."""
    return networks.create(underlay_network(partition=partition))


@shared_fixture
def private(tenants: Network, project: Project) -> Network:
    """Alice's dual-stack child network: 10.0.0.0/22 and 2001:db8:0:10::/96."""
    return networks.create(child(parent=tenants, project=project))


@shared_fixture
def machine(internet: Network, private: Network, project: Project, partition: Partition) -> Machine:
    """Alice's machine: a pair of her private network, and one of the internet."""
    joined = [Attachment(network=private), Attachment(network=internet)]
    return machines.allocate(project=project, partition=partition, name="worker", networks=joined)


@shared_fixture
def cloud(partition: Partition, project: Project, stranger: Project, tenants: Network, underlay: Network) -> None:
    """Every type of network, machines of both roles, prefixes and numbers that came and went."""
    clouds.fill(partition, project, stranger, tenants)


@shared_fixture
def operator() -> User:
    return User.objects.create_superuser("operator", password="correct horse")
