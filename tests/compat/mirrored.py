"""What a metal-stack has in the tests of its mirror: lists as its metal-api gives them."""

import copy
import io
import time
from typing import Any

from django.core.management import call_command
from django.db import connection

from ipam.domain.moving.metal_stack import live
from ipam.domain.moving.mirror import passes
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.compat.stand_in import StandIn

MANAGED = (Partition, Project, Network, Machine, IPAddress)
SHOP, LAB = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6", "7f1f7d3c-5d4a-4f37-8f8b-30c0b7a0d0aa"
_NETWORK = {"description": "", "partitionid": "fra", "projectid": "", "nat": False, "labels": {}}
INTERNET = {
    **_NETWORK, "id": "internet", "name": "out", "partitionid": "", "networktype": "external", "vrf": 104009,
    "prefixes": ["203.0.113.0/24", "2001:db8::/64"], "destinationprefixes": ["0.0.0.0/0", "::/0"],
}  # fmt: skip
SUPER = {
    **_NETWORK, "id": "tenant-super", "name": "super", "networktype": "super",
    "prefixes": ["10.0.0.0/14", "2001:db8:1::/48"], "defaultchildprefixlength": {"IPv4": 22, "IPv6": 64},
}  # fmt: skip
CHILD = {
    **_NETWORK, "id": "shop-net", "name": "shop", "networktype": "child", "parentnetworkid": "tenant-super",
    "projectid": SHOP, "vrf": 20, "prefixes": ["10.0.0.0/22", "2001:db8:1::/64"],
}  # fmt: skip
MACHINE = {
    "id": "m-1", "partition": {"id": "fra"}, "tags": [],
    "allocation": {
        "project": SHOP, "name": "web", "hostname": "web-1", "role": "machine",
        "networks": [
            {"networkid": "shop-net", "asn": 4210000001, "ips": ["10.0.0.1"]},
            {"networkid": "internet", "asn": 4210000001, "ips": ["203.0.113.5"]},
        ],
    },
}  # fmt: skip


def address(ip: str, network: str = "internet", *, project: str = SHOP, machine: str = "", **more: Any) -> Any:
    tags = [f"machine.metal-stack.io/id={machine}"] if machine else []
    about = {"ipaddress": ip, "networkid": network, "projectid": project, "tags": [*tags, *more.pop("tags", [])]}
    return {**about, "type": "ephemeral", "name": f"at {ip}", **more}


LISTS: dict[str, Any] = {
    "partition": [{"id": "fra", "name": "Frankfurt", "bootconfig": {}}],
    "project": [
        {"meta": {"id": SHOP}, "name": "shop", "tenant_id": "acme"},
        {"meta": {"id": LAB}, "name": "lab", "tenant_id": "acme"},
    ],
    "network": [INTERNET, SUPER, CHILD],
    "ip": [
        address("10.0.0.1", "shop-net", machine="m-1"),
        address("203.0.113.5", machine="m-1", type="static"),
        address("203.0.113.6", tags=["cluster=prod"]),
    ],
    "machine": [MACHINE, {"id": "m-2", "partition": {"id": "fra"}, "allocation": None}],
}


def follow_until(lists: Any, statement: int, pipe: Any) -> None:
    """Make a pass that stands still at so many statements, and says so; for a process that is killed then."""
    left = iter(range(statement, 0, -1))

    def count(execute: Any, *args: Any) -> Any:
        if next(left, None) == 1:
            pipe.send_bytes(b".")
            time.sleep(600)
        return execute(*args)

    with connection.execute_wrapper(count):
        passes.follow("https://api.example.org", live.as_written([lists[path] for path in live.PATHS]))


def fill(server: StandIn) -> None:
    """Give the stand-in all of it, anew."""
    server.lists |= copy.deepcopy(LISTS)


def follow(server: StandIn, *options: str) -> str:
    told = io.StringIO()
    call_command(
        "import_metal_stack", "--url", server.url, "--hmac-env", "KEY_OF_METAL", "--follow", *options, stdout=told
    )
    return told.getvalue()


def state() -> list[Any]:
    """All that is mirrored, as far as metal-stack tells of it."""
    return [
        *Partition.objects.values_list("id", "name"),
        *Project.objects.values_list("name", "tenant"),
        *Network.objects.values_list("id", "name", "vrf", "project__name"),
        *Machine.objects.values_list("id", "name", "project__name"),
        *((str(one), one.network_id, one.machine_id, one.project.name) for one in IPAddress.objects.all()),
    ]
