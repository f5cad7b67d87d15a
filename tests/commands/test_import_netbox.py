"""Moving in from NetBox: what fits, what does not, and that nothing is dropped silently."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management.base import CommandError

from ipam.domain.health import doctor
from ipam.domain.networks import networks
from ipam.models import VRF, AddressRange, IPAddress, Network, Prefix, Project
from tests.builders import external, losing_a_race, prefixes_of

Bring = Callable[..., list[str]]


def test_nested_prefixes_of_netbox_become_super_and_children(netbox: Bring, project: Project) -> None:
    prefixes = [
        {"id": 1, "prefix": "10.0.0.0/16", "status": {"value": "container"}, "vrf": None, "tenant": None},
        {"id": 2, "prefix": "10.0.4.0/24", "status": {"value": "active"}, "tenant": {"slug": "acme"},
         "role": {"slug": "web"}, "description": "shop", "tags": [{"slug": "prod"}]},
        {"id": 3, "prefix": "203.0.113.0/24", "vrf": {"name": "blue"}, "status": {"value": "active"}},
    ]  # fmt: skip
    ips = (
        "address,vrf,status,role,tenant,dns_name,description,tags\n10.0.4.9/24,,Active,,acme,www.example.org,front,a\n"
    )
    page = json.dumps({"count": 3, "results": prefixes})
    netbox({"prefixes.json": page, "ips.csv": ips, "vrfs.json": '[{"name": "blue", "rd": "1:1"}]'})
    child = Network.objects.get(pk="netbox-10-0-4-0-24")
    assert (child.type, child.parent_id, child.project, child.description, child.labels) == (
        "child", "netbox-mini-lab", project, "shop",
        {"netbox/status": "active", "netbox/role": "web", "netbox/tag/prod": ""},
    )  # fmt: skip
    assert Network.objects.get(pk="netbox-203-0-113-0-24").vrf_id == 700
    address = IPAddress.objects.get()
    assert (str(address), address.name, address.description, address.network) == (
        "10.0.4.9", "www.example.org", "front", child,
    )  # fmt: skip
    assert list(doctor.examine()) == []


def test_what_of_netbox_does_not_fit_is_listed(netbox: Bring) -> None:
    networks.create(external())
    prefixes = [
        {"prefix": "203.0.113.0/24", "vrf": {"name": "red"}},
        {"prefix": "203.0.113.0/25", "vrf": {"name": "blue"}, "tenant": {"slug": "nobody"}},
        {"prefix": "203.0.113.128/26", "vrf": {"name": "blue"}},
    ]
    ips = [{"address": "192.0.2.1/24"}, {"address": "x"}]
    files = {"p.json": json.dumps(prefixes), "i.json": json.dumps(ips), "v.json": '[{"name": "red"}]'}
    assert netbox(files, "--skip-refused") == [
        "Left out: v.json[1] “red”: the mapping says no VNI for VRF “red”. Add it under “vrfs”.",
        "Left out: p.json[1] “203.0.113.0/24”: the mapping says no VNI for VRF “red”. Add it under “vrfs”.",
        "Left out: p.json[2] “203.0.113.0/25”: the mapping says no project for tenant “nobody”.",
        "Left out: i.json[2]: “x” is not an IPv4 or IPv6 address.",
        "Left out: p.json[3] “203.0.113.128/26”: 203.0.113.128/26 overlaps 203.0.113.128/25 of network internet. "
        "Choose space outside of it.",
        "Left out: i.json[1] “192.0.2.1/24”: 192.0.2.1 lies in no network that gives addresses.",
        "created    vrf        2",
    ]


def test_a_dry_run_keeps_nothing(netbox: Bring) -> None:
    assert netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n"}, "--dry-run") == [
        "created    network    1",
        "created    vrf        1",
        "This was a dry run: nothing was kept.",
    ]
    assert Network.objects.count() == 0


# --- CSV, as its pages export it ------------------------------------------------------------------
ALL_DATA = (
    "ID,Prefix,Prefix (Flat),Status,Children,VRF,Utilization,Tenant,Site,VLAN,Role,Pool,Description,Tags\n"
    '1,203.0.113.0/24,203.0.113.0/24,Active,0,blue (65000:7),0,,,,Web,False,shop,"prod,a b"\n'
    "2,198.51.100.0/24,198.51.100.0/24,Reserved,0,Global,0,acme,,,,False,,\n"
)


def test_all_data_of_its_pages_is_read(netbox: Bring, project: Project) -> None:
    netbox({"p.csv": ALL_DATA, "i.csv": "ID,IP Address,VRF,Status,Role,Tenant,Assigned,DNS Name,Description,Tags\n"
            "9,203.0.113.9/32,blue (65000:7),Active,VIP,acme,True,www,front,\n"})  # fmt: skip
    one, other = Network.objects.order_by("-pk")
    assert (prefixes_of(one), one.vrf_id, one.description, one.labels) == (
        ["203.0.113.0/24"], 700, "shop",
        {"netbox/status": "active", "netbox/role": "Web", "netbox/tag/prod": "", "netbox/tag/a b": ""},
    )  # fmt: skip
    assert (prefixes_of(other), other.vrf_id, other.project) == (["198.51.100.0/24"], 900, project)
    address = IPAddress.objects.get()
    assert (str(address), address.name, address.network, address.labels) == (
        "203.0.113.9", "www", one, {"netbox/status": "active", "netbox/role": "vip"},
    )  # fmt: skip


def test_an_old_page_marks_levels_by_bullets(netbox: Bring) -> None:
    netbox({"p.csv": 'Prefix,VRF\n"•\n • 203.0.113.0/24",blue\n'})
    assert prefixes_of(Network.objects.get()) == ["203.0.113.0/24"]


@pytest.mark.parametrize("row", [{"tags": {"a": "b"}}, {"vrf": ["blue"]}, {"tenant": [1]}, {"role": 1.5}])
def test_a_field_of_another_shape_is_told_with_its_row(netbox: Bring, row: Any) -> None:
    rows = [{"prefix": "203.0.113.0/24", "vrf": "blue"} | row]
    with pytest.raises(CommandError, match=r"^p\.json\[1\]"):
        netbox({"p.json": json.dumps(rows)})


@pytest.mark.parametrize("header", ["prefix,vrf", "PREFIX,VRF", " Prefix , Vrf ", "Aggregate,VRF"])
def test_the_case_of_a_header_does_not_matter(netbox: Bring, header: str) -> None:
    netbox({"p.csv": f"{header}\n203.0.113.0/24,blue\n"})
    assert prefixes_of(Network.objects.get()) == ["203.0.113.0/24"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Prefix,prefix\n203.0.113.0/24,\n", "l.csv: two columns are called “prefix”."),
        ("Start address,End address\n10.0.0.1,10.0.0.9\n", "l.csv[2] “10.0.0.1”: 10.0.0.1 lies in no network."),
        ("Name,Slug\nacme,acme\n", "l.csv[2]: neither a prefix nor an address nor a range nor a VRF."),
        ("Prefix,VRF\n,blue\n", "l.csv[2]: “” has no prefix length"),
        ("Prefix,VRF\n203.0.113.0,blue\n", "l.csv[2]: “203.0.113.0” has no prefix length"),
    ],
)
def test_a_row_that_is_none_of_ours_is_listed(netbox: Bring, text: str, why: str) -> None:
    with pytest.raises(CommandError) as refused:
        netbox({"l.csv": text})
    assert str(refused.value)[: len(why)] == why


# --- VRFs: by route distinguisher or name ---------------------------------------------------------
@pytest.mark.parametrize(
    "word", [{"id": 8, "name": "red", "rd": "65000:8"}, {"id": 8, "name": "red"}, "red", "65000:8", "red (65000:8)"]
)
def test_a_vrf_is_known_by_name_and_by_route_distinguisher(netbox: Bring, word: Any) -> None:
    netbox(
        {
            "p.json": json.dumps([{"prefix": "203.0.113.0/24", "vrf": word}]),
            "v.json": '[{"id": 8, "name": "red", "rd": "65000:8"}]',
        }
    )
    assert Network.objects.get().vrf_id == 800


def test_a_route_distinguisher_of_a_vrf_that_the_mapping_names(netbox: Bring) -> None:
    netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,65000:7\n", "v.csv": "Name,RD\nblue,65000:7\n"})
    assert Network.objects.get().vrf_id == 700


@pytest.mark.parametrize("vrfs", [None, "Name,RD\nblue,65000:1\nblue,65000:2\n", "Name,RD\nblue,\nblue,\n"])
def test_two_vrfs_of_one_name_are_told(netbox: Bring, vrfs: str | None) -> None:
    prefixes = [
        {"prefix": "203.0.113.0/24", "vrf": {"id": 1, "name": "blue", "rd": "65000:1"}},
        {"prefix": "198.51.100.0/24", "vrf": {"id": 2, "name": "blue", "rd": "65000:2"}},
    ]
    files = {"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n", "v.csv": vrfs} if vrfs else {"p.json": json.dumps(prefixes)}
    told = [line for line in netbox(files, "--skip-refused") if "two VRFs" in line]
    assert told[0].endswith(
        "two VRFs have the name “blue”. Name them by route distinguisher in the mapping, in quotes."
    )
    assert Network.objects.count() == 0


def test_vrfs_keep_their_names(netbox: Bring) -> None:
    vrfs = [{"id": 7, "name": "blue", "rd": "65000:7", "description": "of the shop"}]
    assert netbox({"v.json": json.dumps(vrfs)}) == ["created    vrf        1"]
    made = VRF.objects.get()
    assert (made.pk, made.name, made.description, made.labels) == (
        700, "blue", "of the shop", {"netbox/rd": "65000:7"},
    )  # fmt: skip
    assert netbox({"v.json": json.dumps(vrfs)}) == ["unchanged  vrf        1"]


def test_a_number_of_the_mapping_is_not_drawn_for_another_network(netbox: Bring) -> None:
    prefixes = [
        {"prefix": "10.0.0.0/16"},
        {"prefix": "10.0.1.0/24", "tenant": {"slug": "acme"}},
        {"prefix": "10.0.2.0/24", "tenant": {"slug": "acme"}, "vrf": {"name": "first"}},
    ]
    netbox({"p.json": json.dumps(prefixes)}, mapping="partition: mini-lab\ntenants: {acme: PROJECT}\nvrfs: {first: 1}")
    assert [one.vrf_id for one in Network.objects.filter(parent__isnull=False).order_by("pk")] == [2, 1]


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ("vrfs: {65000:1: 0x2BC}", "vrfs: “0x2BC” of “65000:1” is no VNI, 1 to 16,777,215."),
        ("vrfs: {blue: x}", "vrfs: “x” of “blue” is no VNI, 1 to 16,777,215."),
        ("vrfs: {blue: 0}", "vrfs: “0” of “blue” is no VNI, 1 to 16,777,215."),
        ("vrfs: {blue: true}", "vrfs: “true” of “blue” is no VNI, 1 to 16,777,215."),
        ("tenants: {null: PROJECT}", "tenants: “None” is no text."),
        ("vrfs: [blue]", "“tenants” and “vrfs” are objects."),
        ("blue", "A mapping has the keys partition, project, tenants, vrfs."),
        ("sites: {}", "“sites” is no key of a mapping."),
        ("tenants: {acme: nowhere}", "There is no project “nowhere”"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(netbox: Bring, mapping: str, why: str) -> None:
    with pytest.raises(CommandError) as refused:
        netbox({"v.json": "[]"}, mapping=mapping)
    assert str(refused.value)[: len(why)] == why


# --- Pages of the API -----------------------------------------------------------------------------
def page(count: int, *rows: Any) -> str:
    return json.dumps({"count": count, "next": None, "previous": None, "results": rows})


def test_pages_of_one_list_are_joined(netbox: Bring) -> None:
    first = page(2, {"prefix": "203.0.113.0/24", "vrf": {"name": "blue"}})
    second = page(2, {"prefix": "198.51.100.0/24", "vrf": {"name": "blue"}})
    assert netbox({"p1.json": first, "p2.json": second}) == ["created    network    2", "created    vrf        1"]


def test_a_page_that_is_missing_is_told(netbox: Bring) -> None:
    with pytest.raises(CommandError) as refused:
        netbox({"p1.json": page(3, {"prefix": "203.0.113.0/24", "vrf": {"name": "blue"}}), "v.json": page(0)})
    assert str(refused.value) == (
        "prefixes: NetBox has 3, and 1 of them are in these files. Fetch the pages that are missing, at “next”.\n"
        "Nothing was imported."
    )


def test_a_page_of_any_length_is_read(netbox: Bring) -> None:
    rows = [
        {"prefix": f"203.0.113.{number}/32", "vrf": {"name": "blue"}, "comments": "x" * 200_000} for number in range(7)
    ]
    assert netbox({"p.json": page(7, *rows)})[:2] == ["Not kept: “comments” of prefixes (7)", "created    network    7"]


@pytest.mark.parametrize(
    "text", ['{"detail": "Invalid token"}', '{"count": 1, "results": {}}', '{"results": [1]}', "7"]
)
def test_json_that_is_no_list_is_refused(netbox: Bring, text: str) -> None:
    with pytest.raises(CommandError, match=r"^p\.json"):
        netbox({"p.json": text})


# --- What is there twice, and in which VRF --------------------------------------------------------
def test_what_is_listed_twice_is_told(netbox: Bring) -> None:
    prefixes = "prefix,vrf\n203.0.113.0/24,blue\n203.0.113.0/24,blue\n203.0.113.0/24,65000:8\n"
    ips = "address,vrf,role\n203.0.113.9/24,blue,\n203.0.113.9/32,blue,anycast\n"
    assert netbox({"p.csv": prefixes, "i.csv": ips}, "--skip-refused") == [
        "Left out: p.csv[3] “203.0.113.0/24”: it is listed twice, first as p.csv[2].",
        "Left out: p.csv[4] “203.0.113.0/24”: p.csv[2] has it in another VRF. Here each prefix is there once.",
        "Left out: i.csv[3] “203.0.113.9/32”: it is listed twice, first as i.csv[2]. Here each address is there once.",
        "created    address    1",
        "created    network    1",
        "created    vrf        2",
    ]


def test_an_address_keeps_out_of_the_networks_of_other_vrfs(netbox: Bring) -> None:
    prefixes = "prefix,vrf\n203.0.113.0/24,blue\n198.51.100.0/24,65000:8\n"
    ips = "address,vrf\n203.0.113.9/24,65000:8\n203.0.113.9/24,blue\n198.51.100.9/24,\n198.51.100.9/24,65000:8\n"
    told = netbox({"p.csv": prefixes, "i.csv": ips}, "--skip-refused")
    assert told[:2] == [
        "Left out: i.csv[2] “203.0.113.9/24”: 203.0.113.9 lies in network netbox-203-0-113-0-24 of VRF 700, not in one "
        "of VRF 800.",
        "Left out: i.csv[4] “198.51.100.9/24”: 198.51.100.9 lies in network netbox-198-51-100-0-24 of VRF 800, not in "
        "one of VRF 900.",
    ]
    assert [(str(one), one.network.vrf_id) for one in IPAddress.objects.all()] == [
        ("198.51.100.9", 800),
        ("203.0.113.9", 700),
    ]
    assert netbox({"p.csv": prefixes, "i.csv": ips}, "--skip-refused")[:2] == told[:2]


def test_a_global_address_keeps_out_of_the_networks_of_vrfs(netbox: Bring) -> None:
    with pytest.raises(CommandError, match="lies in network netbox-203-0-113-0-24 of VRF 700, but has no VRF itself"):
        netbox(
            {"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n", "i.csv": "address,vrf\n203.0.113.9/24,\n"},
            mapping="project: PROJECT\nvrfs: {blue: 700}",
        )


def test_a_prefix_that_is_there_in_another_vrf_is_told(netbox: Bring) -> None:
    netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n"})
    with pytest.raises(CommandError, match="it is there already, in network netbox-203-0-113-0-24 of VRF 700, not 800"):
        netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,65000:8\n"})


def test_a_container_that_holds_nothing_yet_becomes_a_super_network(netbox: Bring) -> None:
    netbox({"p.csv": "prefix,status\n10.0.0.0/16,Container\n"})
    assert [(one.pk, one.type) for one in Network.objects.all()] == [("netbox-mini-lab", "super")]


def test_a_tenant_is_known_by_slug_and_by_name(netbox: Bring, project: Project) -> None:
    rows = [{"prefix": "203.0.113.0/24", "vrf": {"name": "blue"}, "tenant": {"slug": "acme-corp", "name": "acme"}}]
    netbox({"p.json": json.dumps(rows)})
    assert Network.objects.get().project == project


def test_tag_that_is_too_long_for_a_key_stands_whole_in_the_value(netbox: Bring) -> None:
    same = "t" * 63
    netbox({"p.csv": f'prefix,vrf,tags\n203.0.113.0/24,blue,"{same}a,{same}b,{same}"\n'})
    assert Network.objects.get().labels == {f"netbox/tag/{same}": f"{same}a, {same}b"}


def test_labels_that_are_too_many_refuse_their_row_with_its_place(netbox: Bring) -> None:
    tags = ",".join(f"t{number}" for number in range(101))
    files = {
        "v.csv": f'name,rd,tags\nblue,,"{tags}"\n',
        "p.csv": f'prefix,vrf,tags\n198.51.100.0/24,Global,"{tags}"\n203.0.113.0/24,blue,\n',
        "i.csv": f'address,vrf,tags\n203.0.113.8/24,blue,"{tags}"\n203.0.113.9/24,blue,\n',
    }
    assert netbox(files, "--skip-refused") == [
        "Left out: v.csv[2] “blue”: 101 labels; at most 100 fit.",
        "Left out: p.csv[2] “198.51.100.0/24”: 101 labels; at most 100 fit.",
        "Left out: i.csv[2] “203.0.113.8/24”: 101 labels; at most 100 fit.",
        "created    address    1",
        "created    network    1",
        "created    vrf        1",
    ]


@pytest.mark.parametrize("prefix", ["203.0.113.0/24,blue,Active", "10.0.0.0/16,,Container"])
def test_race_that_a_row_has_lost_is_no_refusal_of_the_row(prefix: str, netbox: Bring) -> None:
    with losing_a_race("ipam_network"), pytest.raises(CommandError, match="Many requests want the same rows"):
        netbox({"p.csv": f"prefix,vrf,status\n{prefix}\n"}, "--skip-refused")


def test_ranges_and_pools_of_netbox_come_along(netbox: Bring, project: Project) -> None:
    prefixes = [{"prefix": "203.0.113.0/28", "vrf": {"name": "blue"}, "is_pool": True}]
    kept = [
        {"start_address": "203.0.113.4/28", "end_address": "203.0.113.7/28", "role": {"slug": "dhcp-pool"}},
        {"start_address": "203.0.113.8/28", "end_address": "203.0.113.9/28", "status": {"value": "reserved"}},
        {"start_address": "203.0.113.12/28", "end_address": "203.0.113.12/28", "description": "vip"},
    ]
    ips = [{"address": "203.0.113.5/28", "vrf": {"name": "blue"}, "tenant": {"slug": "acme"}}]
    files = {"p.json": json.dumps(prefixes), "r.json": json.dumps(kept), "i.json": json.dumps(ips)}
    netbox({**files, "v.json": '[{"name": "blue", "rd": "1:1"}]'})
    found = AddressRange.objects.values_list("use", "description")
    assert list(found) == [("dhcp", ""), ("excluded", ""), ("by-name", "vip")]
    assert str(AddressRange.objects.earliest("first")) == "203.0.113.4 to 203.0.113.7"
    assert not Prefix.objects.get().reserve_ends
    assert IPAddress.objects.count() == 1
    assert list(doctor.examine()) == []
