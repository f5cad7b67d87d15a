"""NetBox: nothing of a row is dropped in silence, and what is refused takes no good row with it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management.base import CommandError

from ipam.domain.networks import networks
from ipam.models import IPAddress, Network, Partition
from tests.builders import IPV4, cidrs, external, super_network

Bring = Callable[..., list[str]]


# --- Labels, and what is counted ------------------------------------------------------------------
@pytest.mark.parametrize(
    "where",
    [
        {"site": {"name": "Berlin", "slug": "ber"}},
        {"scope_type": "dcim.site", "scope_id": 1, "scope": {"name": "Berlin", "slug": "ber"}},
    ],
)
def test_site_and_vlan_of_a_prefix_are_labels(netbox: Bring, where: dict[str, Any]) -> None:
    row = {"prefix": "203.0.113.0/24", "vrf": {"name": "blue"}, "vlan": {"vid": 7, "name": "front"}, **where}
    netbox({"p.json": json.dumps([row])})
    assert Network.objects.get().labels == {"netbox/site": "ber", "netbox/vlan": "front"}


ON_SERVER = {"device": {"name": "srv-1"}, "name": "eth0"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("i.json", json.dumps([{"address": "203.0.113.9/24", "vrf": {"name": "blue"}, "assigned_object": ON_SERVER}])),
        ("i.csv", "address,vrf,device,interface\n203.0.113.9/24,blue,srv-1,eth0\n"),
        ("i.csv", "IP Address,VRF,Assigned,Interface,Parent\n203.0.113.9/24,blue,True,eth0,srv-1\n"),
    ],
)
def test_device_and_interface_of_an_address_are_labels(netbox: Bring, file: str, text: str) -> None:
    told = netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n", file: text})
    assert IPAddress.objects.get().labels == {"netbox/device": "srv-1", "netbox/interface": "eth0"}
    assert [line for line in told if line.startswith("Not kept")] == []


def test_what_has_no_place_here_is_counted_by_field(netbox: Bring) -> None:
    prefixes = [
        {"prefix": f"203.0.{number}.0/24", "vrf": {"name": "blue"}, "is_pool": True, "comments": "x" * number,
         "custom_fields": {"owner": "ops", "cost": None}, "mark_utilized": False, "id": number, "_depth": 0}
        for number in range(2)
    ]  # fmt: skip
    ips = "address,vrf,NAT (Inside)\n203.0.1.9/24,blue,10.0.0.9/24\n"
    assert netbox({"p.json": json.dumps(prefixes), "i.csv": ips}) == [
        "Not kept: “comments” of prefixes (1)",
        "Not kept: “custom_fields.owner” of prefixes (2)",
        "Not kept: “nat_inside” of ip-addresses (1)",
        "created    address    1",
        "created    network    2",
        "changed    prefix     2",
        "created    vrf        1",
    ]


# --- Refusals and what hangs on them --------------------------------------------------------------
def test_a_refused_container_is_the_reason_for_what_lies_in_it_and_takes_nothing_else_with_it(netbox: Bring) -> None:
    networks.create(
        super_network(id="ours", vrf=5, prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 24})
    )
    prefixes = (
        "prefix,status\n10.0.0.0/8,container\n10.1.0.0/24,active\n172.16.0.0/12,container\n172.16.0.0/24,active\n"
    )
    told = netbox({"p.csv": prefixes, "i.csv": "address\n10.9.0.9/24\n10.1.0.9/24\n172.31.0.9/24\n"}, "--skip-refused")
    overlap = "10.0.0.0/8 overlaps 10.0.0.0/16 of network ours. Choose space outside of it."
    assert told == [
        f"Left out: p.csv[2] “10.0.0.0/8”: {overlap}",
        f"Left out: p.csv[3] “10.1.0.0/24”: it lies in 10.0.0.0/8, which was refused: {overlap}",
        "Left out: i.csv[2] “10.9.0.9/24”: 10.9.0.9 lies in 10.0.0.0/8, which was refused.",
        "Left out: i.csv[3] “10.1.0.9/24”: 10.1.0.9 lies in 10.1.0.0/24, which was refused.",
        "Left out: i.csv[4] “172.31.0.9/24”: 172.31.0.9 lies in 172.16.0.0/12 beside its children. A super network "
        "gives no addresses: give them a prefix of their own.",
        "Not kept: p.csv[4] “172.16.0.0/12”: its name, description, labels and VRF, for it became one prefix of a "
        "super network.",
        "created    network    2",
        "created    vrf        1",
    ]


def test_what_a_refused_super_network_takes_with_it_is_told_once(netbox: Bring) -> None:
    networks.create(super_network(partition=Partition.objects.get()))
    files = {"p.csv": "prefix,status\n172.16.0.0/12,container\n172.16.1.0/24,active\n172.16.2.0/24,active\n"}
    told = netbox(files, "--skip-refused", mapping="partition: mini-lab\nproject: PROJECT")
    assert [line.partition(" has")[0] for line in told if not line.startswith("Not kept")] == [
        "Left out: p.csv[2] “172.16.0.0/12”: Partition mini-lab already",
        "Left out: Network “netbox-mini-lab” was refused, and with it 2 of the networks: netbox-172-16-1-0-24, "
        "netbox-172-16-2-0-24.",
    ]


def test_a_network_that_has_the_id_of_a_new_one_and_other_prefixes_is_told(netbox: Bring) -> None:
    other = cidrs("198.51.100.0/24")
    networks.create(external(id="netbox-203-0-113-0-24", prefixes=other, vrf=700, destination_prefixes=[]))
    with pytest.raises(CommandError, match=r"it exists with other values: .*prefixes is 198\.51\.100\.0/24 here"):
        netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n"})


def test_a_container_of_one_address_takes_no_other_with_it(netbox: Bring) -> None:
    files = {"p.csv": "prefix,status\n10.0.0.0/16,container\n10.9.0.1/32,container\n"}
    told = netbox(files, "--skip-refused", mapping="partition: mini-lab\nproject: PROJECT")
    assert [line for line in told if not line.startswith("Not kept")] == [
        "Left out: p.csv[3] “10.9.0.1/32”: 10.9.0.1/32 is a single address and has no room for children. "
        "Make it no container.",
        "created    network    1",
    ]


def test_a_prefix_that_stands_alone_without_vrf_is_told_where_to_name_one(netbox: Bring) -> None:
    with pytest.raises(CommandError, match="Give “Global” a VNI under “vrfs” in the mapping"):
        netbox({"p.csv": "prefix\n203.0.113.0/24\n"}, mapping="partition: mini-lab\nproject: PROJECT")


# --- Dumps of its database ------------------------------------------------------------------------
def row(model: str, pk: int, /, **fields: Any) -> dict[str, Any]:
    return {"model": model, "pk": pk, "fields": fields}


DUMP = [
    row("contenttypes.contenttype", 12, app_label="dcim", model="interface"),
    row("ipam.vrf", 3, name="blue", rd="65000:7", tenant=None, enforce_unique=True),
    row("ipam.prefix", 1, prefix="203.0.113.0/24", vrf=3, tenant=5, status="active", site=7, vlan=9, is_pool=False,
        custom_field_data={"owner": "ops"}, _depth=0),
    row("ipam.ipaddress", 2, address="203.0.113.9/24", vrf=3, tenant=5, status="active", assigned_object_id=8,
        assigned_object_type=12, dns_name="www"),
    row("tenancy.tenant", 5, name="ACME", slug="acme"),
    row("dcim.site", 7, name="Berlin", slug="ber"),
    row("ipam.vlan", 9, vid=7, name="front"),
    row("dcim.interface", 8, name="eth0", device=6),
    row("dcim.device", 6, name="srv-1"),
    row("extras.taggeditem", 1, tag=1),
]  # fmt: skip


def test_a_dump_of_its_database_is_read_by_the_names_that_its_keys_refer_to(netbox: Bring) -> None:
    assert netbox({"dump.json": json.dumps(DUMP)}) == [
        "Not kept: rows of extras.taggeditem (1)",
        "Not kept: “custom_fields.owner” of prefixes (1)",
        "created    address    1",
        "created    network    1",
        "created    vrf        1",
    ]
    address = IPAddress.objects.select_related("network").get()
    assert (address.name, address.network.vrf_id) == ("www", 700)
    assert address.network.labels == {"netbox/status": "active", "netbox/site": "ber", "netbox/vlan": "front"}
    assert address.labels == {"netbox/status": "active", "netbox/device": "srv-1", "netbox/interface": "eth0"}


def test_a_natural_key_of_a_content_type_is_read(netbox: Bring) -> None:
    natural = [*DUMP[1:3], {**DUMP[3], "fields": {**DUMP[3]["fields"], "assigned_object_type": ["dcim", "interface"]}}]
    netbox({"dump.json": json.dumps([*natural, *DUMP[4:]])})
    assert IPAddress.objects.get().labels["netbox/device"] == "srv-1"


def test_a_vrf_that_a_dump_refers_to_but_lacks_is_told(netbox: Bring) -> None:
    with pytest.raises(CommandError, match="no VNI for VRF “ipam"):
        netbox({"dump.json": json.dumps([DUMP[2], DUMP[4]])})
