"""Bringing a document in: all of it or nothing, every refusal at once, and a second time without effect."""

from uuid import UUID

import pytest
import yaml

from ipam import errors
from ipam.domain.files import importing
from ipam.domain.files.summaries import Summary
from ipam.domain.health import doctor
from ipam.domain.moving.metal_stack import exporting, reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.networks import networks, partitions
from ipam.management.commands.quickstart import EXAMPLE
from ipam.models import IPAddress, Machine, Network, NumberRange, Partition, Project
from tests.builders import IPV4, IPV6, external, losing_a_race, prefixes_of

MINI_LAB = EXAMPLE.read_text(encoding="utf-8")
PROJECT = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"
AGREE = "Change it here or in the document, so that both agree."
MACHINE = f"""
    partitions: [{{id: fra}}]
    projects: [{{id: {PROJECT}}}]
    networks:
      - {{id: tenants, privatesuper: true, partitionid: fra, prefixes: [10.0.0.0/16],
         defaultchildprefixlength: {{IPv4: 24}}}}
      - {{id: home, parentnetworkid: tenants, projectid: {PROJECT}, vrf: 7, prefixes: [10.0.7.0/24]}}
    machines:
      - {{id: m1, partition: {{id: fra}},
         allocation: {{name: web, project: {PROJECT}, networks: [{{networkid: home, asn: 4210000007}}]}}}}
    ips:
      - {{ipaddress: 10.0.7.5, networkid: home, projectid: {PROJECT},
         allocationuuid: 00000000-0000-4000-8000-00000000000a, tags: [machine.metal-stack.io/id=m1]}}
"""


def imported(text: str, *, skip_refused: bool = False) -> Summary:
    return importing.apply(Rows(reading.parse(text)), skip_refused=skip_refused)


def bring_in(text: str) -> list[tuple[str, str, str]]:
    done = sorted(imported(text).shown(1_000), key=lambda one: one.place)
    return [(one.kind, one.key, one.state) for one in done]


def refusals(text: str) -> list[str]:
    with pytest.raises(errors.IpamError) as refused:
        bring_in(text)
    return [error.detail for error in refused.value.errors]


def test_mini_lab_is_created_entry_by_entry(db: None) -> None:
    assert bring_in(MINI_LAB) == [
        ("partition", "mini-lab", "new"),
        ("project", "00000000-0000-0000-0000-000000000000", "new"),
        ("project", PROJECT, "new"),
        ("network", "tenant-super-network-mini-lab", "new"),
        ("network", "internet-mini-lab", "new"),
        ("network", "underlay-mini-lab", "new"),
        ("address", "203.0.113.142", "new"),
        ("address", "2001:db8:0:113::142", "new"),
    ]


def test_mini_lab_has_a_dual_stack_super_network(db: None) -> None:
    bring_in(MINI_LAB)
    network = Network.objects.get(pk="tenant-super-network-mini-lab")
    assert (network.type, network.stack, network.partition_id, network.vrf) == ("super", "dual", "mini-lab", None)
    assert prefixes_of(network) == ["10.0.0.0/16", "2001:db8:0:10::/64"]
    assert network.default_child_prefix_length == {IPV4: 22, IPV6: 96}
    assert network.additional_announcable_cidrs == ["10.240.0.0/12"]


def test_mini_lab_has_a_dual_stack_way_out(db: None) -> None:
    bring_in(MINI_LAB)
    network = Network.objects.get(pk="internet-mini-lab")
    assert (network.type, network.vrf_id, network.nat_type) == ("external", 104009, "ipv4-masquerade")
    assert prefixes_of(network) == ["203.0.113.128/25", "2001:db8:0:113::/64"]
    assert network.destination_prefixes == ["0.0.0.0/0", "::/0"]
    assert network.labels == {"network.metal-stack.io/default": "", "network.metal-stack.io/default-external": ""}


def test_mini_lab_has_an_underlay(db: None) -> None:
    bring_in(MINI_LAB)
    network = Network.objects.get(pk="underlay-mini-lab")
    assert (network.type, network.partition_id, prefixes_of(network)) == ("underlay", "mini-lab", ["10.1.0.0/24"])


def test_mini_lab_keeps_two_static_addresses(db: None) -> None:
    bring_in(MINI_LAB)
    reserved = IPAddress.objects.filter(network="internet-mini-lab", project=Project(pk="0" * 32), type="static")
    assert [(str(one), one.name) for one in reserved] == [
        ("203.0.113.142", "reserve v4"),
        ("2001:db8:0:113::142", "reserve v6"),
    ]


def test_the_doctor_finds_nothing_wrong_afterwards(db: None) -> None:
    bring_in(MINI_LAB)
    assert list(doctor.examine()) == []


def test_a_second_time_changes_nothing(db: None) -> None:
    bring_in(MINI_LAB)
    before = list(Network.objects.values()) + list(IPAddress.objects.values()) + list(Partition.objects.values())
    assert {state for _, _, state in bring_in(MINI_LAB)} == {"unchanged"}
    after = list(Network.objects.values()) + list(IPAddress.objects.values()) + list(Partition.objects.values())
    assert after == before


def test_differing_fields_are_named(db: None) -> None:
    bring_in(MINI_LAB)
    changed = MINI_LAB.replace("203.0.113.128/25", "203.0.113.0/24").replace("nat: true", "nat: false")
    assert refusals(changed) == [
        "networks[1] “internet-mini-lab”: it exists with other values: nat_type is ipv4-masquerade here and "
        "none there, prefixes is 203.0.113.128/25, 2001:db8:0:113::/64 here and 203.0.113.0/24, 2001:db8:0:113::/64 "
        f"there. {AGREE}"
    ]


def test_an_address_held_by_another_project_differs(db: None) -> None:
    bring_in(MINI_LAB)
    IPAddress.objects.filter(family=4).update(project=PROJECT)
    assert refusals(MINI_LAB) == [
        f"ips[0] “203.0.113.142”: it exists with other values: project is {PROJECT} here and {UUID(int=0)} there. "
        f"{AGREE}"
    ]


def test_everything_that_is_wrong_is_told_at_once(db: None) -> None:
    networks.create(external(id="taken", vrf=77))
    text = f"""
        partitions: [{{id: fra}}, {{id: x}}]
        projects: [{{id: {PROJECT}}}]
        networks:
          - {{id: one, vrf: 1, partitionid: nowhere, prefixes: [192.0.2.0/24]}}
          - {{id: two, prefixes: [203.0.113.0/24, 198.51.100.1/24]}}
          - {{id: three, vrf: 3, prefixes: [198.18.0.0/24, 203.0.113.128/25], colour: blue}}
          - {{id: four, vrf: 77, prefixes: [198.18.1.0/24]}}
          - {{id: five, vrf: 5, prefixes: [198.18.2.0/24]}}
        ips:
          - {{ipaddress: 198.18.2.0, networkid: five, projectid: {PROJECT}}}
          - {{ipaddress: 198.18.9.9, networkid: five, projectid: {PROJECT}}}
    """
    assert refusals(text) == [
        "networks[2] “three”: “colour” is no known key. Correct it, or take it out.",
        "partitions[1] “x”: An id has 2 to 128 letters, digits, dots, dashes or underscores, and starts and ends "
        "with a letter or digit.",
        "networks[1] “two”: Networks of type external need “vrf”.",
        "networks[3] “four”: VRF 77 belongs to network taken. Choose another VNI, or say vrf_shared on all networks "
        "in it.",
        "ips[0] “198.18.2.0”: 198.18.2.0 is the network, broadcast or subnet-router address of 198.18.2.0/24. "
        "Choose another.",
        "ips[1] “198.18.9.9”: 198.18.9.9 lies in no prefix of five. Choose one in 198.18.2.0/24.",
        "There is no partition “nowhere”, named by 1 of the networks: one. Check the id, or bring it in first.",
    ]


def test_one_refusal_keeps_everything_out(db: None) -> None:
    pool = list(NumberRange.objects.values("pool", "first", "last"))
    refusals(MINI_LAB + "\n  - {ipaddress: 192.0.2.1, networkid: internet-mini-lab, projectid: " + PROJECT + "}")
    assert (Partition.objects.count(), Project.objects.count(), Network.objects.count()) == (0, 0, 0)
    assert list(NumberRange.objects.values("pool", "first", "last")) == pool


def test_what_goes_with_a_refused_entry_is_counted_and_named(db: None) -> None:
    ips = [f"{{ipaddress: 192.0.2.{number}, networkid: one, projectid: {PROJECT}}}" for number in range(1, 8)]
    text = f"""
        partitions: [{{id: x}}]
        projects: [{{id: {PROJECT}}}]
        networks:
          - {{id: one, vrf: 1, partitionid: x, prefixes: [192.0.2.0/24]}}
          - {{id: two, parentnetworkid: one, projectid: {PROJECT}, prefixes: [192.0.2.0/25]}}
        ips: [{", ".join(ips)}]
    """
    assert refusals(text)[1:] == [
        "Partition “x” was refused, and with it 1 of the networks: one.",
        "Network “one” was refused, and with it 1 of the networks: two.",
        "Network “one” was refused, and with it 7 of the addresses: 192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, "
        "192.0.2.5 and 2 more.",
    ]


def test_address_whose_machine_is_refused_comes_without_it_and_that_is_told(db: None) -> None:
    text = f"""
        partitions: [{{id: fra}}]
        projects: [{{id: {PROJECT}}}]
        networks: [{{id: one, vrf: 1, prefixes: [192.0.2.0/24]}}]
        machines: [{{id: m1, partitionid: fra, allocation: {{project: {PROJECT}, role: gateway}}}}]
        ips: [{{ipaddress: 192.0.2.1, networkid: one, projectid: {PROJECT}, tags: [machine.metal-stack.io/id=m1]}}]
    """
    assert [error.detail for error in imported(text, skip_refused=True).refusals()] == [
        "machines[0] “m1”: role: “gateway” is none of machine, firewall.",
        "Machine “m1” was refused, and left out of 1 of the addresses: 192.0.2.1.",
    ]
    assert IPAddress.objects.get().machine is None


def test_project_that_is_no_uuid_is_told(db: None) -> None:
    text = f"""
        networks: [{{id: one, vrf: 1, prefixes: [192.0.2.0/24]}}]
        ips: [{{ipaddress: 192.0.2.1, networkid: one, projectid: {"x" * 36}}}]
    """
    assert refusals(text) == [
        f"There is no project “{'x' * 36}”, named by 1 of the addresses: 192.0.2.1. Check the id, or bring it in first."
    ]


def test_what_is_there_already_can_be_referred_to(db: None) -> None:
    partitions.create(id="fra")
    text = "networks: [{id: one, vrf: 1, partitionid: fra, prefixes: [192.0.2.0/24]}]"
    assert bring_in(text) == [("network", "one", "new")]
    assert Network.objects.get().partition_id == "fra"


def test_values_that_differ_are_told_from_both_sides(db: None) -> None:
    bring_in(MACHINE)
    changed = MACHINE.replace("asn: 4210000007", "asn: 4210000008").replace("00000000000a", "00000000000b")
    assert refusals(changed.replace("name: web", "name: mail").replace("[10.0.7.0/24]", "[10.0.8.0/24]")) == [
        f"networks[1] “home”: it exists with other values: prefixes is 10.0.7.0/24 here and 10.0.8.0/24 there. {AGREE}",
        "machines[0] “m1”: it exists with other values: name is web here and mail there, asn is 4210000007 here and "
        f"4210000008 there. {AGREE}",
        "ips[0] “10.0.7.5”: it exists with other values: allocation is 00000000-0000-4000-8000-00000000000a here and "
        f"00000000-0000-4000-8000-00000000000b there. {AGREE}",
    ]


def test_order_of_prefixes_is_no_difference(db: None) -> None:
    text = """networks: [{id: one, vrf: 1, prefixes: [192.0.2.0/24, "2001:db8::/64", 198.51.100.0/24],
        destinationprefixes: ["::/0", 0.0.0.0/0]}]"""
    bring_in(text)
    turned = text.replace('"::/0", 0.0.0.0/0', '0.0.0.0/0, "::/0"').replace("192.0.2.0/24, ", "")
    assert bring_in(turned.replace("198.51.100.0/24]", "198.51.100.0/24, 192.0.2.0/24]")) == [
        ("network", "one", "unchanged")
    ]


def test_child_without_a_vrf_keeps_the_one_that_was_drawn(db: None) -> None:
    text = MACHINE.replace("vrf: 7, ", "vrf: 0, ")
    bring_in(text)
    assert {state for _, _, state in bring_in(text)} == {"unchanged"}


def test_numbers_that_are_named_are_not_drawn_by_others_before(db: None) -> None:
    text = f"""
        partitions: [{{id: fra}}]
        projects: [{{id: {PROJECT}}}]
        networks:
          - {{id: tenants, privatesuper: true, partitionid: fra, prefixes: [10.0.0.0/16],
             defaultchildprefixlength: {{IPv4: 24}}}}
          - {{id: draws, parentnetworkid: tenants, projectid: {PROJECT}, prefixes: [10.0.6.0/24]}}
          - {{id: names, parentnetworkid: tenants, projectid: {PROJECT}, vrf: 1, prefixes: [10.0.7.0/24]}}
        machines:
          - {{id: m1, partitionid: fra, allocation: {{project: {PROJECT}, networks: [{{networkid: draws}}]}}}}
          - {{id: m2, partitionid: fra, allocation: {{project: {PROJECT}, networks: [{{networkid: names,
              asn: 4210000001}}]}}}}
    """
    bring_in(text)
    assert list(Network.objects.filter(parent__isnull=False).order_by("pk").values_list("vrf", flat=True)) == [2, 1]
    assert list(Machine.objects.order_by("pk").values_list("asn", flat=True)) == [4210000002, 4210000001]


def test_more_tags_than_fit_are_told_with_their_place(db: None) -> None:
    many = MACHINE.replace("tags: [", f"tags: [{', '.join(f't{number}' for number in range(100))}, ")
    assert refusals(many) == ["ips[0] “10.0.7.5”: tags: 101 tags; at most 100 fit."]


def test_tags_that_are_no_labels_come_in_and_go_out_again(db: None) -> None:
    said = ["a=1", "a=2", "c", "x" * 64]
    bring_in(MACHINE.replace("tags: [", f"tags: [{', '.join(said)}, "))
    assert [one.tags for one in IPAddress.objects.exclude(tags=[])] == [["a=2", "x" * 64]]
    written = yaml.safe_load("".join(exporting.lines()))
    assert [tag for one in written["ips"] for tag in one["tags"] if "metal" not in tag] == said


def test_race_that_an_entry_has_lost_is_no_refusal_of_the_entry(db: None) -> None:
    with losing_a_race("ipam_partition"), pytest.raises(errors.Busy):
        imported(MACHINE, skip_refused=True)
