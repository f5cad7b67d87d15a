"""Every write of the API, as a request to the world of the fixture `world`."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from rest_framework.test import APIClient

from tests.shoots import SHOOT

ALICE = "{alice}"
TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()


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
    ("patch", "prefixes/{prefix}/", {"gateway": "10.0.0.254"}),
    ("post", "prefixes/{prefix}/resize/", {"prefix": "10.0.0.0/23"}),
    ("post", "prefixes/{prefix}/split/", {"length": 23}),
    ("post", "networks/internet-mini-lab/prefixes/", {"prefix": "192.0.2.0/24"}),
    ("post", "networks/{old}/families/", {"address_family": "ipv6"}),
    ("post", "networks/{home}/move/", {"project": "{crew}"}),
    ("delete", "networks/{empty}/", {}),
    ("post", "ips/", {"network": "internet-mini-lab", "project": ALICE, "count": 3}),
    ("patch", "ips/{single}/", {"type": "static"}),
    ("patch", "ips/{single}/", {"type": "static", "machine": None}),
    ("delete", "ips/{single}/", {}),
    ("post", "allocations/join/", {"ips": ["{ipv4_half}", "{ipv6_half}"]}),
    ("post", "allocations/{pair}/part/", {}),
    ("post", "ips/{loose}/move/", {"project": "{crew}"}),
    ("post", "allocations/{loose_pair}/move/", {"project": "{crew}"}),
    ("delete", "allocations/{allocation}/", {}),
    ("post", "machines/", {"project": ALICE, "partition": "mini-lab", "networks": [{"network": "{home}"}]}),
    ("patch", "machines/{machine}/", {"name": "web"}),
    ("delete", "machines/{machine}/", {}),
    ("post", "clusters/", {"name": "web", "project": ALICE, "parent": "tenants", "wanted_nodes": 50}),
    ("patch", "clusters/{draft}/", {"max_pods": 64}),
    ("post", "clusters/{draft}/reserve/", {}),
    ("delete", "clusters/{draft}/", {}),
    ("post", "clusters/{running}/families/", {"families": ["ipv4"], "roll_nodes": True}),
    ("post", "clusters/{running}/load-balancer-addresses/", {"network": "internet-mini-lab", "count": 2}),
    ("post", "clusters/{running}/api-addresses/", {"network": "internet-mini-lab"}),
    ("post", "clusters/{running}/service-cidrs/", {"services": {"ipv4": "10.251.0.0/24"}}),
    ("post", "clusters/{running}/document/", {"document": SHOOT}),
    ("post", "clusters/import/", {"project": ALICE, "network": "{home}", "name": "old", "document": SHOOT}),
    ("post", "clusters/{running}/release/", {}),
    ("post", "claims/", {"pool": "internet-mini-lab", "owner": ALICE, "name": "other"}),
    ("delete", "claims/{claim}/", {}),
    ("post", "alert-rules/", {"name": "p", "watch": "pool", "fire": "1", "clear": "2", "severity": "info"}),
    ("patch", "alert-rules/{rule}/", {"name": "new"}),
    ("delete", "alert-rules/{rule}/", {}),
    ("post", "alert-rules/{rule}/snooze/", {"until": TOMORROW, "reason": "moving"}),
    ("post", "alert-rules/test/", {"destination": {"mail": "noc@example.org"}}),
    ("post", "alerts/{alert}/acknowledge/", {"reason": "known"}),
    ("post", "alerts/{alert}/snooze/", {"until": TOMORROW, "reason": "known"}),
    ("post", "findings/snooze/", {"key": "{finding}", "until": TOMORROW, "reason": "spare"}),
    ("post", "findings/accept/", {"key": "{finding}", "reason": "spare"}),
    ("post", "findings/reopen/", {"key": "{finding}"}),
    ("post", "webhooks/", {"url": "https://1.1.1.1/hook", "project": ALICE, "types": ["address.release"]}),
    ("patch", "webhooks/{webhook}/", {"name": "chat", "enabled": False}),
    ("post", "webhooks/{webhook}/rotate/", {}),
    ("post", "webhooks/{webhook}/test/", {}),
    ("post", "deliveries/{delivery}/resend/", {}),
    ("delete", "webhooks/{webhook}/", {}),
    ("post", "events/{allocated}/undo/", {}),
    ("post", "events/{released}/undo/", {}),
    ("post", "events/{carved}/undo/", {}),
    ("post", "quotas/", {"project": ALICE, "address_family": "ipv6", "resource": "space", "limit": str(2**80)}),
    ("patch", "quotas/{quota}/", {"limit": "999"}),
    ("delete", "quotas/{quota}/", {}),
    ("post", "networks/internet-mini-lab/ranges/", {"prefix": "203.0.113.192/28", "use": "dhcp"}),
    ("patch", "networks/internet-mini-lab/ranges/{range}/", {"name": "vips"}),
    ("delete", "networks/internet-mini-lab/ranges/{range}/", {}),
    ("patch", "networks/internet-mini-lab/", {"quarantine": {"ipv4": 24}}),
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
