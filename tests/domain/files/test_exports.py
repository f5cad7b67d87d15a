"""What is stored as files: tables, DNS records, an inventory of machines."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files import ansible_inventory, dns_zones, exports
from ipam.domain.networks import addresses, dns_names, machines, networks, partitions, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.builders import IPV4, child, cidrs, ip, super_network


def text(name: str, format: str, **options: Any) -> str:
    export, chosen = exports.find(name, format)
    return b"".join(exports.pieces(name, chosen, export.objects(), **options)).decode()


def test_a_table_has_a_row_for_each_object(internet: Network) -> None:
    told = {"gateway": None, "reserve_ends": True}
    assert json.loads(text("prefixes", "json")) == [
        {"network": "internet", "prefix": "203.0.113.128/25", "parent": "", "namespace": None} | told,
        {"network": "internet", "prefix": "2001:db8:0:113::/64", "parent": "", "namespace": None} | told,
    ]


def test_csv_is_the_first_format(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], name="=1+1")
    header, row = text("addresses", "").splitlines()
    assert header == (
        "id,ip,address_family,network,prefix,project,namespace,machine,allocation,type,shared,machines,name,description,"
        "labels,tags,managed_by"
    )
    assert row.split(",")[1:5] == ["203.0.113.129", "ipv4", "internet", "203.0.113.128/25"]
    assert row.endswith(",ephemeral,,,'=1+1,,,,")


@pytest.mark.parametrize(("name", "format"), [("secrets", "csv"), ("addresses", "exe"), ("zones", "csv")])
def test_unknown_exports_are_refused(name: str, format: str) -> None:
    with pytest.raises(errors.Invalid):
        exports.find(name, format)


def test_zones_hold_forward_and_reverse_records_of_both_families(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, name="VPN")
    addresses.allocate(internet, project=project, families=[IPV4])
    assert text("zones", "", domain="example.org").splitlines() == [
        "; forward, for the zone of example.org.",
        "vpn.example.org. IN A 203.0.113.129",
        "ip-203-0-113-130.example.org. IN A 203.0.113.130",
        "vpn.example.org. IN AAAA 2001:db8:0:113::1",
        "; reverse, for the zones under in-addr.arpa. and ip6.arpa.",
        "129.113.0.203.in-addr.arpa. IN PTR vpn.example.org.",
        "130.113.0.203.in-addr.arpa. IN PTR ip-203-0-113-130.example.org.",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.1.1.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR vpn.example.org.",
    ]


def named(name: str, domain: str = "example.org.") -> dns_names.Name:
    return dns_names.name_of(IPAddress(name=name, address=ip("2001:db8::1")), domain)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("www.example.org", "www.example.org."),
        ("www.Example.ORG.", "www.example.org."),
        ("example.org", "example.org."),
        ("_sip", "_sip.example.org."),
        ("_sip._udp.example.org", "_sip._udp.example.org."),
        ("*", "*.example.org."),
        ("*.lab.example.org.", "*.lab.example.org."),
        ("Web", "web.example.org."),
        ("", "ip-2001-db8--1.example.org."),
    ],
)
def test_a_name_that_dns_can_have_stays(typed: str, name: str) -> None:
    assert named(typed) == dns_names.Name(name)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("büro", "xn--bro-hoa.example.org."),
        ("bu\u0308ro.example.org", "xn--bro-hoa.example.org."),
        ("Büro 1", "xn--bro-1-kva.example.org."),
        ("日本", "xn--wgv71a.example.org."),
        ("☃", "ip-2001-db8--1.example.org."),
        ("a b", "a-b.example.org."),
        ("a*", "a.example.org."),
        ("a..example.org", "a.example.org."),
        ("x" * 64, f"{'x' * 54}-3ad2ac12.example.org."),  # the checksum of what was typed
    ],
)
def test_a_name_that_had_to_be_changed_is_told(typed: str, name: str) -> None:
    assert named(typed) == dns_names.Name(name, note=f"“{shorten(typed)}” is written {name}")


def test_names_of_another_zone_are_left_out_and_told() -> None:
    assert named("www.example.com") == dns_names.Name(
        "", False, "left out: 2001:db8::1, whose name “www.example.com” is of another zone than example.org."
    )
    assert named("myexample.org").text == ""
    assert named("www.example.com.") == dns_names.Name(
        "www.example.com.", False, "left out: 2001:db8::1, whose name www.example.com. is of another zone"
    )


def test_an_absolute_name_of_another_zone_has_its_reverse_record(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], name="www.example.com.")
    assert text("zones", "", domain="example.org").splitlines() == [
        "; forward, for the zone of example.org.",
        "; left out: 203.0.113.129, whose name www.example.com. is of another zone",
        "; reverse, for the zones under in-addr.arpa. and ip6.arpa.",
        "129.113.0.203.in-addr.arpa. IN PTR www.example.com.",
    ]


def test_a_name_that_two_have_is_told(internet: Network, project: Project) -> None:
    for name in ("Web", "web", "www"):
        addresses.allocate(internet, project=project, families=[IPV4], name=name)
    told = [line for line in text("zones", "", domain="example.org").splitlines() if line.startswith("; web")]
    assert told == ["; web.example.org. is the name of 203.0.113.129 too, of another machine or allocation"]


def test_a_machine_in_two_networks_has_one_name(
    private: Network, internet: Network, project: Project, partition: Partition
) -> None:
    attachments = [Attachment(network=private), Attachment(network=internet)]
    machines.allocate(project=project, partition=partition, networks=attachments, hostname="db")
    assert [line for line in text("zones", "").splitlines() if line.startswith(";")] == [
        "; forward, for the zone of internal.",
        "; reverse, for the zones under in-addr.arpa. and ip6.arpa.",
    ]


def test_twins_of_two_namespaces_are_in_files_of_their_own(
    partition: Partition, project: Project, stranger: Project
) -> None:
    public = networks.create(
        super_network(
            id="everybodys",
            type="super-namespaced",
            prefixes=cidrs("10.9.0.0/16"),
            default_child_prefix_length={IPV4: 24},
        )
    )
    for owner in (project, stranger):
        carved = networks.create(child(parent=public, project=owner))
        addresses.allocate(carved, project=owner, name="db")
    assert [line for line in text("zones", "").splitlines() if "IN" in line] == []
    assert sorted(line for line in text("zones", "").splitlines() if "left out" in line) == sorted(
        f"; left out: the namespace of “{owner.name}”, which has a file of its own: export it with namespace={owner.pk}"
        for owner in (project, stranger)
    )
    own = "".join(dns_zones.lines(IPAddress.objects.filter(namespace=project)))
    assert [line for line in own.splitlines() if "IN" in line] == [
        "db.internal. IN A 10.9.0.1",
        "1.0.9.10.in-addr.arpa. IN PTR db.internal.",
    ]


@pytest.mark.parametrize(
    ("name", "domain"),
    [("www.example.org", "example.org."), ("web", "internal"), ("a.", "internal"), ("a.-", "internal")],
)
def test_the_records_of_one_address_are_of_the_domain_that_its_name_has(name: str, domain: str) -> None:
    assert dns_names.domain_of(IPAddress(name=name)) == domain


@given(name=st.text(max_size=255) | st.text(".*_-ü。a", max_size=12))
def test_every_name_becomes_a_valid_one_or_is_left_out(name: str) -> None:
    found = named(name)
    assert "\n" not in found.note
    labels = found.text.removesuffix(".").split(".")
    if found.text:
        assert all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels if label != "*")
        assert "*" not in labels[1:]
        assert len(found.text) <= 254
    else:
        assert found.note


@pytest.mark.skipif(not shutil.which("named-checkzone"), reason="bind9-utils is not installed")
@pytest.mark.parametrize("zone", ["xn--mller-kva.example", "113.0.203.in-addr.arpa"])
def test_bind_reads_the_records(internet: Network, project: Project, tmp_path: Path, zone: str) -> None:
    for name in (
        "web",
        "büro",
        "*",
        "*.lab",
        "www.müller.example",
        "www.example.com.",
        "a b; c",
        "müller.example",
        "_sip",
    ):
        addresses.allocate(internet, project=project, families=[IPV4], name=name)
    head = f"$TTL 60\n{zone}. IN SOA ns.example.net. root.example.net. 1 2 3 4 5\n{zone}. IN NS ns.example.net.\n"
    file = tmp_path / "zone"
    file.write_text(head + text("zones", "", domain="müller.example"))
    checked = subprocess.run(["named-checkzone", zone, str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_names_that_are_cut_stay_apart(internet: Network, project: Project) -> None:
    for number in range(3):
        addresses.allocate(internet, project=project, families=[IPV4], name=f"{'x' * 70}{number}")
    names = [line.split()[0] for line in text("zones", "").splitlines() if " IN A " in line]
    assert len(set(names)) == 3


@pytest.mark.parametrize("domain", ["", ".", "a b", "-a", "ex_ample.org", "x" * 200, "example.org\nevil IN A 1.2.3.4"])
def test_a_domain_that_is_none_is_refused(db: None, domain: str) -> None:
    with pytest.raises(errors.Invalid):
        text("zones", "", domain=domain)


class Loader(yaml.SafeLoader):
    """As Ansible reads an inventory."""


Loader.add_constructor("!unsafe", lambda loader, node: ("unsafe", node.value))


def test_inventory_groups_machines(private: Network, internet: Network, project: Project, partition: Partition) -> None:
    owner: dict[str, Any] = {"project": project, "partition": partition}
    attachments = [Attachment(network=private), Attachment(network=internet)]
    one = machines.allocate(**owner, networks=attachments, hostname="web 1", labels={"a": "{{ b }}"}, id="m-1")
    machines.allocate(**owner, networks=[Attachment(network=private)], hostname="web 1", name="web 1", id="m-2")
    found = yaml.load(text("inventory", "yaml"), Loader=Loader)["all"]
    assert found["hosts"]["web-1"] == {
        "ansible_host": "10.0.0.1",
        "twofold_id": "m-1",
        "twofold_name": ("unsafe", ""),
        "twofold_project": str(project.pk),
        "twofold_partition": "mini-lab",
        "twofold_role": "machine",
        "twofold_asn": one.asn,
        "twofold_addresses": ["10.0.0.1", "2001:db8:0:10::1", "203.0.113.129", "2001:db8:0:113::1"],
        "twofold_labels": {("unsafe", "a"): ("unsafe", "{{ b }}")},
    }
    hosts = {"web-1": None, "m-2": None}
    assert found["children"] == {
        "machine": {"hosts": hosts},
        "partition_mini_lab": {"hosts": hosts},
        "project_alice": {"hosts": hosts},
    }


def test_text_that_some_reader_takes_for_something_else_is_quoted(partition: Partition, private: Network) -> None:
    words = ["y", "N", "1e3", "0899", "0:30"]
    for word in words:
        projects.create(name=word)
    joined = [Attachment(network=private)]
    machines.allocate(project=private.project, partition=partition, hostname="n", networks=joined)
    table = [one["name"] for one in yaml.load(text("projects", "yaml"), Loader=yaml.BaseLoader)]
    assert sorted(word for word in words if f"name: '{word}'\n" in text("projects", "yaml")) == sorted(words)
    assert "\n    'n':\n" in text("inventory", "yaml")
    assert set(words) <= set(table)


def test_inventory_of_nothing_is_valid(db: None) -> None:
    assert yaml.safe_load("".join(ansible_inventory.lines(Machine.objects.all()))) == {
        "all": {"hosts": {}, "children": {}}
    }


def inventory_of(project: Project, partition: Partition, network: Network, *given: dict[str, str]) -> dict[str, Any]:
    for words in given:
        machines.allocate(project=project, partition=partition, networks=[Attachment(network=network)], **words)
    return yaml.load(text("inventory", "yaml"), Loader=Loader)["all"]


def hosts_of(found: dict[str, Any]) -> dict[str, str]:
    return {name: host["twofold_id"] for name, host in found["hosts"].items()}


def test_no_host_has_the_id_of_another(private: Network, project: Project, partition: Partition) -> None:
    found = inventory_of(
        project, partition, private, {"id": "m-1", "hostname": "m-2"}, {"id": "m-2", "hostname": "m-3", "name": "db"}
    )
    assert hosts_of(found) == {"m-1": "m-1", "m-3": "m-2"}


@pytest.mark.parametrize("name", ["machine", "all", "localhost", "partition_mini_lab", "project_alice"])
def test_no_host_has_the_name_of_a_group(private: Network, project: Project, partition: Partition, name: str) -> None:
    found = inventory_of(project, partition, private, {"id": "m-1", "hostname": name}, {"id": name})
    assert hosts_of(found) == {"m-1": "m-1", f"{name}-2": name}
    assert found["children"].keys().isdisjoint(found["hosts"])


def test_projects_of_one_name_are_groups_of_their_own(private: Network, project: Project, partition: Partition) -> None:
    other = projects.create(name="alice")
    theirs = networks.create(child(parent=private.parent, project=other))
    inventory_of(project, partition, private, {"id": "m-1"})
    found = inventory_of(other, partition, theirs, {"id": "m-2"})
    groups = {name: list(group["hosts"]) for name, group in found["children"].items() if name.startswith("project")}
    assert sorted(groups.values()) == [["m-1"], ["m-2"]]
    assert all(re.fullmatch(r"project_alice_[0-9a-f]{8}", name) for name in groups)


def test_partitions_that_ansible_would_spell_alike_are_groups_of_their_own(
    private: Network, project: Project, partition: Partition
) -> None:
    other = partitions.create(id="mini_lab")
    away = networks.create(
        super_network(id="away", partition=other, prefixes=cidrs("10.8.0.0/16"), default_child_prefix_length={IPV4: 24})
    )
    inventory_of(project, partition, private, {"id": "m-1"})
    found = inventory_of(project, other, networks.create(child(parent=away, project=project)), {"id": "m-2"})
    groups = [list(group["hosts"]) for name, group in found["children"].items() if name.startswith("partition")]
    assert sorted(groups) == [["m-1"], ["m-2"]]
