"""Tables of clusters."""

import io
import json

import pytest

from ipam.domain.clusters import lifecycle, service_ranges
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.files import importing
from ipam.domain.files.kinds import (
    CLUSTERS,
)
from ipam.domain.files.tables import Table
from ipam.domain.networks import networks
from ipam.models import Cluster, Network, Project
from tests.builders import child, families
from tests.domain.files.tables import FORMATS, exported, made, reasons, table


def test_clusters_come_in_and_change_as_everywhere(private: Network, project: Project) -> None:
    row = {
        **{"name": "web", "project": str(project.pk), "network": private.pk, "state": "reserved"},
        **{"kubernetes_version": "1.33", "families": "ipv4", "max_pods": "110", "native_routing": "true"},
        **{"pods": '{"ipv4": "10.240.0.0/14"}'},
    }
    made(table(CLUSTERS, row))
    (held,) = json.loads(exported(CLUSTERS))
    assert (held["state"], held["pods"], held["node_mask"]) == ("reserved", {"ipv4": "10.240.0.0/14"}, {"ipv4": 24})
    changes = [
        {"id": held["id"], "kubernetes_version": "1.34"},
        {"id": held["id"], "pods": '{"ipv4": "10.244.0.0/14"}'},
    ]
    summary = importing.apply(table(CLUSTERS, *changes), skip_refused=True)
    assert (dict(summary.counts), reasons(summary)) == ({"changed": 1, "refused": 1}, {2: ["cluster_frozen"]})


def test_shoots_come_after_their_seed_in_whatever_order_they_stand(
    private: Network, tenants: Network, project: Project
) -> None:
    key = "6f6ac4ae-8f0a-4ce3-9a3d-2f5b6b3f0a01"
    other = networks.create(child(parent=tenants, project=project))
    shared = {"project": str(project.pk), "families": "ipv4", "state": "draft"}
    shoot = {**shared, "name": "shoot", "network": other.pk, "seed": key}
    made(table(CLUSTERS, shoot, {**shared, "id": key, "name": "seed", "network": private.pk, "is_seed": "true"}))
    held = {one["name"]: one for one in json.loads(exported(CLUSTERS))}
    assert {name: one["seed"] for name, one in held.items()} == {"shoot": key, "seed": None}
    made(table(CLUSTERS, {"id": held["shoot"]["id"], "seed": ""}))
    assert Cluster.objects.get(name="shoot").seed is None


@pytest.mark.parametrize("format", FORMATS)
def test_further_services_of_a_cluster_come_in_as_they_went_out(
    format: str, private: Network, project: Project
) -> None:
    held = lifecycle.create(NewCluster(name="web", project=project, network=private), reserve=True)
    service_ranges.add(held, families("10.99.0.0/24", "fd99::/112"))
    before, file = json.loads(exported(CLUSTERS)), exported(CLUSTERS, format)
    lifecycle.delete(lifecycle.release(held))
    made(Table(CLUSTERS, io.BytesIO(file), format))
    assert before[0]["service_cidrs"] == ["10.99.0.0/24", "fd99::/112"]
    assert json.loads(exported(CLUSTERS)) == before


def test_draft_comes_in_without_further_services(private: Network, project: Project) -> None:
    row = {"name": "web", "project": str(project.pk), "network": private.pk, "service_cidrs": "10.99.0.0/24"}
    assert reasons(importing.preview(table(CLUSTERS, row))) == {1: ["wrong_state"]}


def test_a_released_cluster_is_not_made_again(private: Network, project: Project) -> None:
    row = {"name": "web", "project": str(project.pk), "network": private.pk, "state": "released"}
    (refused,) = importing.preview(table(CLUSTERS, row)).refused
    assert [error.detail for error in refused.reasons] == [
        "A cluster that was released is not made again. Leave its row out; a backup document has it."
    ]
