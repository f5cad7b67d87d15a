"""What a cluster's verb sees that had to wait for another: PostgreSQL only, where several write at once."""

from functools import partial

import pytest
from django.db import connection

from ipam.domain.clusters import belongings, lifecycle
from ipam.models import Cluster, IPAddress, Network, Project
from tests.builders import worked_example
from tests.domain import clients
from tests.domain.core.test_waiting import another

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
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
