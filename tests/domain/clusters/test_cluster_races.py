"""What a cluster's verb sees that had to wait for another: PostgreSQL only, where several write at once."""

from functools import partial

import pytest
from django.db import connection

from ipam.domain.clusters import belongings, lifecycle
from ipam.domain.networks import networks
from ipam.models import Cluster, ClusterRange, IPAddress, Network, Project
from tests.builders import child, families, worked_example
from tests.domain import clients
from tests.domain.core.test_waiting import another

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]


@pytest.fixture
def web(private: Network, project: Project) -> Cluster:
    """Alice's cluster, the worked example, a draft."""
    return lifecycle.create(worked_example(project=project, network=private))


@pytest.mark.parametrize("reserved", [True, False])
def test_addresses_that_are_taken_while_a_cluster_goes_go_back_too(
    reserved: bool, web: Cluster, internet: Network
) -> None:
    lifecycle.reserve(web)
    end = lifecycle.release if reserved else lifecycle.delete
    if not reserved:
        Cluster.objects.update(state="draft")
    with another(partial(clients.outcome, end, web)) as start:
        belongings.take_for_load_balancers(web, internet)
        ended = start()
    assert (ended.result(), IPAddress.objects.filter(network=internet).count()) == ("done", 0)


def test_cluster_that_is_reserved_while_its_super_network_becomes_strict_is_strict(web: Cluster) -> None:
    parent = Network.objects.get(pk=web.network.parent_id)
    with another(partial(clients.outcome, lifecycle.reserve, web)) as start:
        networks.update(parent, cluster_ranges="strict")
        ended = start()
    assert ended.result() == "done"
    assert set(ClusterRange.objects.values_list("is_strict", flat=True)) == {True}


def test_shoot_that_waits_for_its_seed_finds_it_released(web: Cluster, tenants: Network, project: Project) -> None:
    lifecycle.reserve(web)
    seed = lifecycle.update(web, is_seed=True)
    home = networks.create(child(parent=tenants, project=project))
    apart = {"pods": families("10.240.0.0/13", "fd77::/52"), "services": families("10.248.0.0/18", "fd78::/112")}
    asked = worked_example(name="b", project=project, network=home, seed=seed, **apart)
    with another(partial(clients.outcome, lifecycle.create, asked)) as start:
        lifecycle.release(web)
        ended = start()
    assert ended.result() == "invalid"
