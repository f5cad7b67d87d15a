"""Every write of the API, as a request to the world of the fixture `world`."""

from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

ALICE = "{alice}"


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "partitions/", {"id": "fra-2"}),
    ("patch", "partitions/{partition}/", {"name": "Frankfurt"}),
    ("delete", "partitions/{partition}/", {}),
    ("post", "projects/", {"name": "new"}),
    ("patch", "projects/{crew}/", {"name": "Crew"}),
    ("delete", "projects/{crew}/", {}),
    ("post", "vrfs/", {"id": 600}),
    ("patch", "vrfs/500/", {"name": "blue"}),
    ("delete", "vrfs/500/", {}),
    ("post", "networks/", {"type": "external", "id": "dc", "vrf": 9, "prefixes": ["192.0.2.0/24"]}),
    ("post", "networks/", {"type": "child", "project": ALICE, "parent": "tenants"}),
    ("patch", "networks/{home}/", {"name": "Home"}),
    ("patch", "networks/tenants/", {"prefixes": ["10.0.0.0/16", "10.9.0.0/16", "2001:db8:0:10::/64"]}),
    ("post", "networks/internet-mini-lab/prefixes/", {"prefix": "192.0.2.0/24"}),
    ("post", "networks/{old}/families/", {"address_family": "ipv6"}),
    ("delete", "networks/{empty}/", {}),
    ("post", "ips/", {"network": "internet-mini-lab", "project": ALICE, "count": 3}),
    ("patch", "ips/{single}/", {"type": "static"}),
    ("delete", "ips/{single}/", {}),
    ("post", "allocations/join/", {"ips": ["{ipv4_half}", "{ipv6_half}"]}),
    ("post", "allocations/{pair}/part/", {}),
    ("delete", "allocations/{allocation}/", {}),
    ("post", "machines/", {"project": ALICE, "partition": "mini-lab", "networks": [{"network": "{home}"}]}),
    ("patch", "machines/{machine}/", {"name": "web"}),
    ("delete", "machines/{machine}/", {}),
    ("post", "clusters/", {"name": "web", "project": ALICE, "parent": "tenants", "wanted_nodes": 50}),
    ("patch", "clusters/{draft}/", {"max_pods": 64}),
    ("post", "clusters/{draft}/reserve/", {}),
    ("delete", "clusters/{draft}/", {}),
    ("post", "clusters/{running}/families/", {"families": ["ipv4"], "roll_nodes": True}),
    ("post", "clusters/{running}/release/", {}),
    ("post", "claims/", {"pool": "internet-mini-lab", "owner": ALICE, "name": "other"}),
    ("delete", "claims/{claim}/", {}),
]
every_write = pytest.mark.parametrize(("verb", "path", "body"), WRITES, ids=[f"{one[0]} {one[1]}" for one in WRITES])


def fill(value: Any, world: dict[str, str]) -> Any:
    """The value with words in braces replaced by the ids that they stand for."""
    if isinstance(value, dict):
        return {name: fill(one, world) for name, one in value.items()}
    if isinstance(value, list):
        return [fill(one, world) for one in value]
    return value.format(**world) if isinstance(value, str) else value


def send(
    api: APIClient, verb: str, path: str, body: Any, world: dict[str, str], query: str = "", **headers: str
) -> Any:
    """The answer to one of the writes; headers are named as in Python."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return getattr(api, verb)(f"/api/v1/{fill(path, world)}?{query}", fill(body, world), headers=named)


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    models = apps.get_app_config("ipam").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
