"""Moving in from go-ipam and from NetBox: what fits, what does not, and that nothing is dropped silently."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from ipam.domain import doctor, networks
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import IPV4, IPV6, external, prefixes_of

Run = Callable[..., str]


def prefix(cidr: str, parent: str = "", *ips: str, **changes: Any) -> dict[str, Any]:
    """As go-ipam writes it: the first and the last address are among the taken ones."""
    return {
        "Cidr": cidr,
        "ParentCidr": parent,
        "Namespace": "root",
        "AvailableChildPrefixes": {},
        "IsParent": False,
        "IPs": dict.fromkeys(ips, True),
        "Version": 1,
    } | changes


@pytest.fixture
def dump(tmp_path: Path) -> Callable[..., str]:
    def write(*prefixes: dict[str, Any]) -> str:
        (tmp_path / "dump.json").write_text(json.dumps(prefixes))
        return str(tmp_path / "dump.json")

    return write


def test_parents_of_go_ipam_become_a_super_network_with_children(
    run: Run, dump: Callable[..., str], partition: Partition, project: Project
) -> None:
    file = dump(
        prefix("10.0.0.0/16", IsParent=True),
        prefix("2001:db8::/48", IsParent=True),
        prefix("10.0.1.0/24", "10.0.0.0/16", "10.0.1.0", "10.0.1.255", "10.0.1.7"),
        prefix("2001:db8:0:1::/64", "2001:db8::/48", "2001:db8:0:1::", "2001:db8:0:1::9"),
    )
    run("import_go_ipam", file, "--project", str(project.pk), "--partition", "mini-lab")
    network = Network.objects.get(pk="go-ipam-mini-lab")
    assert (network.type, network.partition, prefixes_of(network)) == (
        "super", partition, ["10.0.0.0/16", "2001:db8::/48"],
    )  # fmt: skip
    assert network.default_child_prefix_length == {IPV4: 24, IPV6: 64}
    assert [(str(one), one.network_id, one.type) for one in IPAddress.objects.all()] == [
        ("10.0.1.7", "go-ipam-10-0-1-0-24", "static"),
        ("2001:db8:0:1::9", "go-ipam-2001-db8-0-1-64", "static"),
    ]
    assert list(doctor.examine()) == []
    again = run("import_go_ipam", file, "--project", str(project.pk), "--partition", "mini-lab")
    assert again.splitlines() == ["unchanged  address    2", "unchanged  network    2"]


def test_addresses_of_go_ipam_go_into_networks_that_exist(
    run: Run, dump: Callable[..., str], internet: Network, project: Project
) -> None:
    file = dump(prefix("203.0.113.128/25", "", "203.0.113.128", "203.0.113.140"))
    run("import_go_ipam", file, "--project", str(project.pk))
    assert [(str(one), one.network) for one in IPAddress.objects.all()] == [("203.0.113.140", internet)]


def test_a_prefix_that_stands_alone_needs_a_vrf(run: Run, dump: Callable[..., str], project: Project) -> None:
    file = dump(prefix("198.51.100.0/24", "", "198.51.100.9"))
    with pytest.raises(CommandError, match="Networks of type external need “vrf”"):
        run("import_go_ipam", file, "--project", str(project.pk))
    run("import_go_ipam", file, "--project", str(project.pk), "--vrf", "500")
    assert Network.objects.get().vrf_id == 500


def test_what_go_ipam_has_and_we_do_not_is_listed(run: Run, dump: Callable[..., str], project: Project) -> None:
    file = dump(
        prefix("10.0.0.0/8", "", "10.255.0.1", IsParent=True),
        prefix("10.1.0.0/16", "10.0.0.0/8", IsParent=True),
        prefix("10.1.1.0/24", "10.1.0.0/16"),
        prefix("192.0.2.0/24", Namespace="other"),
        {"Cidr": "nonsense"},
    )
    printed = run("import_go_ipam", file, "--project", str(project.pk), "--skip-refused").splitlines()
    assert printed == [
        "Left out: prefixes[4]: “nonsense” has no prefix length; write it as address/length, such as 10.0.0.0/22.",
        "Left out: prefixes[0] “10.0.0.0/8”.IPs: 10.255.0.1 lies in no network that gives addresses.",
        "Not kept: 1 prefixes of namespace “other”; name it to bring them in.",
        "Not kept: prefixes[1] “10.1.0.0/16”: a level between container and children, of which there is none here; "
        "its children were kept.",
        "created    network    2",
    ]


MAPPING = """
partition: mini-lab
project: PROJECT
tenants: {acme: PROJECT}
vrfs: {blue: 700}
"""


@pytest.fixture
def netbox(run: Run, tmp_path: Path, partition: Partition, project: Project) -> Callable[..., list[str]]:
    def bring(files: dict[str, str], *options: str) -> list[str]:
        (tmp_path / "mapping.yaml").write_text(MAPPING.replace("PROJECT", str(project.pk)))
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        paths = [str(tmp_path / name) for name in files]
        return run("import_netbox", *paths, "--mapping", str(tmp_path / "mapping.yaml"), *options).splitlines()

    return bring


def test_nested_prefixes_of_netbox_become_super_and_children(
    netbox: Callable[..., list[str]], project: Project
) -> None:
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


def test_what_of_netbox_does_not_fit_is_listed(netbox: Callable[..., list[str]]) -> None:
    networks.create(external())
    prefixes = [
        {"prefix": "203.0.113.0/24", "vrf": {"name": "red"}},
        {"prefix": "203.0.113.0/25", "vrf": {"name": "blue"}, "tenant": {"slug": "nobody"}},
        {"prefix": "203.0.113.128/26", "vrf": {"name": "blue"}},
    ]
    ips = [{"address": "192.0.2.1/24"}, {"address": "x"}]
    files = {"p.json": json.dumps(prefixes), "i.json": json.dumps(ips), "v.json": '[{"name": "red"}]'}
    assert netbox(files, "--skip-refused") == [
        "Left out: prefixes[1] “203.0.113.0/24”: the mapping says no VNI for VRF “red”. Add it under “vrfs”.",
        "Left out: prefixes[2] “203.0.113.0/25”: the mapping says no project for tenant “nobody”.",
        "Left out: Row 2: “x” is not an IPv4 or IPv6 address.",
        "Left out: VRF “red” was left out: the mapping says no VNI for it.",
        "Left out: prefixes[3] “203.0.113.128/26”: 203.0.113.128/26 overlaps 203.0.113.128/25 of network internet. "
        "Choose space outside of it.",
        "Left out: ip-addresses[1] “192.0.2.1/24”: 192.0.2.1 lies in no network that gives addresses.",
    ]


def test_a_rehearsal_keeps_nothing(netbox: Callable[..., list[str]]) -> None:
    assert netbox({"p.csv": "prefix,vrf\n203.0.113.0/24,blue\n"}, "--dry-run") == [
        "created    network    1",
        "This was a rehearsal: nothing was kept.",
    ]
    assert Network.objects.count() == 0
