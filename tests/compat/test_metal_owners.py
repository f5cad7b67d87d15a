"""Partitions and projects as metal_python's client asks for them."""

from typing import Any

import pytest
from metal_python import models

from ipam.domain.networks import addresses
from ipam.models import Network, Partition, Project
from tests.compat.conftest import Metal, refusal


def test_partition_is_made_changed_and_removed(admin: Metal) -> None:
    made = admin.partition.create_partition(models.V1PartitionCreateRequest(id="fra", name="Frankfurt", bootconfig={}))
    assert set(admin.last) <= set(models.V1PartitionResponse.attribute_map.values())
    assert (made.id, made.name) == ("fra", "Frankfurt")
    changed = models.V1PartitionUpdateRequest(id="fra", labels={"a": "b"}, dns_servers=[], ntp_servers=[])
    assert admin.partition.update_partition(changed).labels == {"a": "b"}
    assert [one.name for one in admin.partition.list_partitions()] == ["Frankfurt"]
    assert admin.partition.delete_partition("fra").id == "fra"
    assert refusal(lambda: admin.partition.find_partition("fra"))[0] == 404


def test_taken_partition_is_409_and_one_in_use_422(admin: Metal, internet: Network) -> None:
    again = models.V1PartitionCreateRequest(id="mini-lab", bootconfig={})
    assert refusal(lambda: admin.partition.create_partition(again))[0] == 409
    assert refusal(lambda: admin.partition.delete_partition("mini-lab"))[0] == 422
    assert Partition.objects.exists()


def wanted(**changes: Any) -> models.V1ProjectCreateRequest:
    return models.V1ProjectCreateRequest(**{"name": "shop", "tenant_id": "acme"} | changes)


def test_project_keeps_labels_and_annotations(admin: Metal) -> None:
    meta = models.V1Meta(labels=["a=b", "c"], annotations={"team.example.org/mail": "ops@example.org"})
    made = admin.project.create_project(wanted(meta=meta))
    assert (made.meta.labels, made.meta.annotations) == (["a=b", "c"], {"team.example.org/mail": "ops@example.org"})
    assert (made.name, made.tenant_id, made.meta.version) == ("shop", "acme", 1)
    assert Project.objects.get().labels["a"] == "b"


def test_project_is_changed_as_it_was_seen(admin: Metal) -> None:
    made = admin.project.create_project(wanted())
    seen = {"id": made.meta.id, "version": made.meta.version}
    changed = admin.project.update_project(models.V1ProjectUpdateRequest(meta=models.V1Meta(**seen), name="store"))
    assert (changed.name, changed.tenant_id, changed.meta.version) == ("store", "acme", 2)
    stale = models.V1ProjectUpdateRequest(meta=models.V1Meta(**seen), name="late")
    assert refusal(lambda: admin.project.update_project(stale))[0] == 412


@pytest.mark.parametrize(("said", "status"), [
    ({"tenant_id": None}, 400),
    ({"meta": models.V1Meta(id="nonsense")}, 400),
])  # fmt: skip
def test_malformed_project_is_400(admin: Metal, said: dict[str, Any], status: int) -> None:
    assert refusal(lambda: admin.project.create_project(wanted(**said)))[0] == status


def test_taken_project_is_409(admin: Metal, project: Project) -> None:
    again = wanted(meta=models.V1Meta(id=str(project.pk)))
    assert refusal(lambda: admin.project.create_project(again))[0] == 409


def test_project_tells_how_many_addresses_it_holds(view: Metal, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert view.project.find_project(str(project.pk)).quotas.ip.used == 2


def test_projects_are_found_exactly(admin: Metal, project: Project) -> None:
    admin.project.create_project(wanted())
    for said, number in (
        ({}, 2),
        ({"name": "shop"}, 1),
        ({"tenant_id": "acme"}, 1),
        ({"id": "nobody"}, 0),
        ({"name": "sho"}, 0),
    ):
        assert len(admin.project.find_projects(models.V1ProjectFindRequest(**said))) == number


def test_project_in_use_is_not_removed(admin: Metal, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert refusal(lambda: admin.project.delete_project(str(project.pk)))[0] == 422
