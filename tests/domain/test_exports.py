"""What is stored as files: tables, DNS records, an inventory of machines."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.domain import addresses, exports, inventory, machines, zones
from ipam.domain.machines import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.builders import IPV4, ip


def text(name: str, format: str, **options: Any) -> str:
    export, chosen = exports.find(name, format)
    return b"".join(exports.pieces(name, chosen, export.objects(), **options)).decode()


def test_a_table_has_a_row_for_each_object(internet: Network) -> None:
    assert json.loads(text("prefixes", "json")) == [
        {"network": "internet", "prefix": "203.0.113.128/25", "parent": "", "namespace": None},
        {"network": "internet", "prefix": "2001:db8:0:113::/64", "parent": "", "namespace": None},
    ]


def test_csv_is_the_first_format(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], name="=1+1")
    header, row = text("addresses", "").splitlines()
    assert header == (
        "id,ip,address_family,network,prefix,project,namespace,machine,allocation,type,name,description,labels"
    )
    assert row.split(",")[1:5] == ["203.0.113.129", "ipv4", "internet", "203.0.113.128/25"]
    assert row.endswith(",ephemeral,'=1+1,,")


@pytest.mark.parametrize(("name", "format"), [("secrets", "csv"), ("addresses", "exe"), ("zones", "csv")])
def test_unknown_exports_are_refused(name: str, format: str) -> None:
    with pytest.raises(errors.Invalid):
        exports.find(name, format)


def test_zones_hold_forward_and_reverse_records_of_both_families(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, name="VPN gateway.Fra")
    addresses.allocate(internet, project=project, families=[IPV4])
    assert text("zones", "", domain="example.org").splitlines() == [
        "; forward, for the zone of example.org.",
        "vpn-gateway.fra.example.org. IN A 203.0.113.129",
        "ip-203-0-113-130.example.org. IN A 203.0.113.130",
        "vpn-gateway.fra.example.org. IN AAAA 2001:db8:0:113::1",
        "; reverse, for the zones under in-addr.arpa. and ip6.arpa.",
        "129.113.0.203.in-addr.arpa. IN PTR vpn-gateway.fra.example.org.",
        "130.113.0.203.in-addr.arpa. IN PTR ip-203-0-113-130.example.org.",
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.1.1.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR vpn-gateway.fra.example.org.",
    ]


@given(name=st.text(max_size=255))
def test_every_name_becomes_a_valid_one(name: str) -> None:
    labels = zones.name_of(IPAddress(name=name, address=ip("2001:db8::1"))).split(".")
    for label in labels:
        assert 1 <= len(label) <= 63
        assert label.strip("-") == label
        assert set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(".".join(labels)) <= 120


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


def test_inventory_of_nothing_is_valid(db: None) -> None:
    assert yaml.safe_load("".join(inventory.lines(Machine.objects.all()))) == {"all": {"hosts": {}, "children": {}}}
