"""Shared addresses in files: one row with all machines that have it, and no machine known by it."""

import csv
import io
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ipam.domain.clusters.manifests.subject import Subject
from ipam.domain.files import dns_zones, importing
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor
from ipam.domain.moving.metal_stack import exporting
from ipam.domain.networks import address_holders, addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import AddressHolder, IPAddress, Machine, Network, Partition, Project
from tests.builders import IPV4, ip
from tests.domain.files.test_exports import Loader, text
from tests.shared import shared_fixture

LOW = "10.0.0.1"


@shared_fixture
def nodes(private: Network, project: Project, partition: Partition) -> list[Machine]:
    """Two that share an address that is lower than their own."""
    wanted = {"type": "static", "shared": "vip", "name": "vip"}
    held = addresses.allocate(private, project=project, families=[IPV4], **wanted)
    joined = [Attachment(network=private)]
    made = [
        machines.allocate(id=key, name=f"Node\n{key}", project=project, partition=partition, networks=joined)
        for key in ("n1", "n2")
    ]
    address_holders.set_machines(held, made)
    return made


def test_zone_has_one_record_and_says_whose_it_is(nodes: list[Machine]) -> None:
    told = "".join(dns_zones.lines(IPAddress.objects.filter(shared="vip"))).splitlines()
    assert told[1:3] == [f"; {LOW}, vip, is of Node�n1, Node�n2", f"vip.internal. IN A {LOW}"]


def test_lines_of_what_was_read_already_say_the_same_for_one_statement(
    nodes: list[Machine], django_assert_num_queries: Any
) -> None:
    of_node = IPAddress.objects.held_by(["n2"])
    read = list(of_node.select_related("prefix", "namespace", "machine").order_by("address", "pk"))
    with django_assert_num_queries(1):  # who else has what it shares
        told = list(dns_zones.lines_of(read))
    assert told == list(dns_zones.lines(of_node))


def test_inventory_tells_it_of_each_machine_and_reaches_none_by_it(nodes: list[Machine]) -> None:
    hosts = yaml.load(text("inventory", "yaml"), Loader=Loader)["all"]["hosts"].values()
    assert [(one["ansible_host"], one["twofold_addresses"][:2]) for one in hosts] == [
        ("10.0.0.2", [LOW, "10.0.0.2"]),
        ("10.0.0.3", [LOW, "10.0.0.3"]),
    ]


def test_document_of_metal_stack_names_it_at_each_machine(nodes: list[Machine]) -> None:
    written = "".join(exporting.lines())
    assert written.startswith("# Not in this form: 1 addresses are shared.\n")
    document = yaml.safe_load(written)
    assert [one["allocation"]["networks"][0]["ips"][0] for one in document["machines"]] == [LOW, LOW]
    (shared,) = [one for one in document["ips"] if one["ipaddress"] == LOW]
    assert [tag for tag in shared["tags"] if "machine" in tag] == [
        f"{exporting.MACHINE_TAG}={key}" for key in ("n1", "n2")
    ]


def test_document_of_a_node_names_its_own_address(nodes: list[Machine], private: Network) -> None:
    about: Any = {"cluster": SimpleNamespace(network_id=private.pk), "plan": SimpleNamespace(families=(IPV4,))}
    assert [str(*Subject(**about).node_addresses(one).values()) for one in nodes] == ["10.0.0.2", "10.0.0.3"]


def imported(rows: str) -> list[str]:
    """What became of each row of a table of addresses."""
    outcomes = importing.outcomes(Table(ADDRESSES, io.BytesIO(rows.encode()), "csv"))
    return [f"{one.state}: {one.reasons[0].detail}" if one.reasons else one.state for one in outcomes]


def test_table_brings_it_back_with_its_machines(nodes: list[Machine]) -> None:
    table = text("addresses", "csv")
    (row,) = [one for one in csv.DictReader(io.StringIO(table)) if one["ip"] == LOW]
    assert (row["machine"], row["shared"], row["machines"].split()) == ("n1", "vip", ["n1", "n2"])
    address_holders.hand_over([IPAddress.objects.get(address=ip(LOW))], None)
    addresses.release(IPAddress.objects.get(address=ip(LOW)))
    imported(table)
    assert IPAddress.objects.get(address=ip(LOW)).machine_ids == ["n1", "n2"]
    assert list(doctor.examine()) == []


@pytest.mark.parametrize(
    ("shared", "type", "given", "why"),
    [
        ("vip", "ephemeral", "n1", "A shared address stays"),
        ("", "static", "n1 n2", "10.0.0.9 is not shared"),
        ("vip", "static", "n1 n1", "Machine n1 is named 2 times"),
        ("vip", "static", "n1 n9", "There is no machine"),
    ],
)
def test_row_that_breaks_the_rule_is_refused(
    nodes: list[Machine], private: Network, shared: str, type: str, given: str, why: str
) -> None:
    (outcome,) = imported(
        f"ip,network,project,type,shared,machines\n10.0.0.9,{private.pk},{private.project_id},{type},{shared},{given}\n"
    )
    assert why in outcome
    assert not IPAddress.objects.filter(address=ip("10.0.0.9")).exists()


def test_doctor_tells_who_shares_an_address_out_of_place(nodes: list[Machine], internet: Network) -> None:
    (row,) = AddressHolder.objects.all()
    IPAddress.objects.filter(pk=row.address_id).update(machine="n2")
    told = [one.sentence for one in doctor.examine()]
    assert f"{LOW}: machine n2 shares it with no other first machine." in told
    IPAddress.objects.filter(pk=row.address_id).update(machine="n1")
    row.machine.attachments.all().delete()
    told = [one.sentence for one in doctor.examine()]
    assert f"{LOW}: machine n2 shares it, but is not in network {row.address.network_id}." in told
