"""Moving in from go-ipam: what fits, what does not, and that nothing is dropped silently."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from ipam.domain.health import doctor
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import IPV4, IPV6, prefixes_of

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
    with pytest.raises(CommandError, match="those need a VRF"):
        run("import_go_ipam", file, "--project", str(project.pk))
    run("import_go_ipam", file, "--project", str(project.pk), "--vrf", "500")
    assert Network.objects.get().vrf_id == 500


def test_a_prefix_without_anything_may_be_named_a_container(
    run: Run, dump: Callable[..., str], partition: Partition, project: Project
) -> None:
    file = dump(prefix("10.0.0.0/14"), prefix("10.8.0.0/14"))
    options = [file, "--project", str(project.pk), "--partition", "mini-lab", "--vrf", "500"]
    assert run("import_go_ipam", *options, "--container", "10.0.0.0/14").splitlines() == [
        "Not kept: whether children shall be carved from 1 empty prefix. What is external now stays so; "
        "name the others with --container: 10.8.0.0/14.",
        "created    network    2",
    ]  # fmt: skip
    assert dict(Network.objects.values_list("type", "pk")) == {
        "super": "go-ipam-mini-lab", "external": "go-ipam-10-8-0-0-14",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("container", "why"),
    [
        ("10.0.0.0/15", "There is no prefix 10.0.0.0/15 in namespace “root”, but it is named a container."),
        ("ten", "--container: “ten” has no prefix length"),
    ],
)
def test_a_container_that_is_not_there_is_refused(
    run: Run, dump: Callable[..., str], project: Project, container: str, why: str
) -> None:
    with pytest.raises(CommandError) as refused:
        run("import_go_ipam", dump(prefix("10.0.0.0/14")), "--project", str(project.pk), "--container", container)
    assert str(refused.value)[: len(why)] == why


def test_containers_that_come_later_join_the_super_network(
    run: Run, dump: Callable[..., str], partition: Partition, project: Project
) -> None:
    options = ["--project", str(project.pk), "--partition", "mini-lab"]
    run("import_go_ipam", dump(prefix("10.0.0.0/16", IsParent=True)), *options)
    later = [prefix("2001:db8::/48", IsParent=True), prefix("2001:db8:0:1::/64", "2001:db8::/48")]
    assert run("import_go_ipam", dump(*later), *options).splitlines() == [
        "created    network    1",
        "extended   network    1",
    ]
    assert prefixes_of(Network.objects.get(pk="go-ipam-mini-lab")) == ["10.0.0.0/16", "2001:db8::/48"]


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
        "Left out: prefixes[0] “10.0.0.0/8”.IPs: 10.255.0.1 lies in 10.0.0.0/8 beside its children. A super network "
        "gives no addresses: give them a prefix of their own.",
        "Not kept: 1 prefix of namespace “other”; name it to bring it in.",
        "Not kept: prefixes[1] “10.1.0.0/16”: a level between container and children, of which there is none here; "
        "its children were kept.",
        "created    network    2",
    ]
