"""Answers are what their shapes say, however quickly they are rendered."""

import pytest
from rest_framework import serializers
from rest_framework.test import APIClient

from ipam.api import claims, cluster_shapes, insight_shapes, outputs, quotas
from ipam.api.shapes import Shape

LISTS: dict[str, type[Shape]] = {
    "partitions/": outputs.Partition,
    "projects/": outputs.Project,
    "vrfs/": outputs.Vrf,
    "networks/": outputs.Network,
    "prefixes/": outputs.Prefix,
    "ips/": outputs.Address,
    "machines/": outputs.Machine,
    "clusters/": cluster_shapes.Cluster,
    "claims/": claims.Claim,
    "quotas/": quotas.Quota,
    "events/": insight_shapes.Event,
    "findings/": insight_shapes.Finding,
}


@pytest.mark.parametrize("path", LISTS)
def test_object_of_a_list_has_every_field_of_its_shape_in_order(api: APIClient, cloud: None, path: str) -> None:
    promised = [name for name in LISTS[path]().fields if name != "dry_run"]
    found = [list(one) for one in api.get(f"/api/v1/{path}").json()["results"]]
    assert found == [promised] * len(found) != []


@pytest.mark.parametrize("path", [*LISTS, "networks/tenants/free/?length=30", "search/?q=10.0.0.1"])
def test_answer_is_what_its_fields_say_one_by_one(
    api: APIClient, cloud: None, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickly = api.get(f"/api/v1/{path}")
    monkeypatch.setattr(Shape, "to_representation", serializers.Serializer.to_representation)
    assert (quickly.status_code, quickly.content) == (200, api.get(f"/api/v1/{path}").content)
