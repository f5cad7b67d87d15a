"""No rule breaks through any way of writing: each refusal is told in the domain's words and changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from ipam.domain.networks import networks
from ipam.models import VRF, IPAddress, Machine, Network, Partition, Prefix, Project
from tests.admin.keeper import Keeper, complaints, everything
from tests.builders import cidrs, external
from tests.shared import shared_fixture

Write = Callable[[Keeper, dict[str, Any]], Any]

NEW_SUPER = {"type": "super", "id": "second", "prefixes-TOTAL_FORMS": "1"}
LENGTHS = {"default_child_prefix_length_ipv4": "24"}
IN_USE = "203.0.113.129 belongs to machine worker. Release the machine; its ephemeral addresses go with it."
TOO_LONG = "would have a name of more than 255 characters. Shorten it."

# Way of writing and rule: what is done, and the beginnings of what is said.
REFUSED: dict[str, tuple[Write, list[str]]] = {
    "form: network that overlaps another": (
        lambda keeper, of: keeper.add(Network, **NEW_SUPER, **LENGTHS, **{"prefixes-0-cidr": "10.0.4.0/22"}),
        ["10.0.4.0/22 overlaps 10.0.0.0/16 of network tenants. Choose space outside of it."],
    ),
    "form: fields that the type does not take, all of them": (
        lambda keeper, of: keeper.add(Network, type="underlay", id="x1", vrf="9", nat_type="ipv4-masquerade"),
        ["partition: Networks of type underlay need", "Networks of type underlay need “prefixes”.",
         "vrf: Networks of type underlay do not take", "nat_type: Networks of type underlay do not take"],
    ),
    "form: second super network of a partition": (
        lambda keeper, of: keeper.add(
            Network, **NEW_SUPER, **LENGTHS, partition="mini-lab", **{"prefixes-0-cidr": "10.64.0.0/16"}
        ),
        ["partition: Partition mini-lab already has the super network tenants."],
    ),
    "form: child of a network that is no super": (
        lambda keeper, of: keeper.add(Network, type="child", project=of["project"].pk, parent="internet"),
        ["parent: internet"],
    ),
    "form: host bits": (
        lambda keeper, of: keeper.add(Network, **NEW_SUPER, **LENGTHS, **{"prefixes-0-cidr": "10.64.0.1/16"}),
        ["10.64.0.1/16 has host bits set; the prefix is 10.64.0.0/16."],
    ),
    "form: stack that prefixes contradict": (
        lambda keeper, of: keeper.change(of["tenants"], stack="ipv4"),
        ["stack: The network's stack is ipv4, so it takes no IPv6 prefixes."],
    ),
    "form: child length that does not fit": (
        lambda keeper, of: keeper.change(of["tenants"], default_child_prefix_length_ipv4="16"),
        ["default_child_prefix_length: A /16 child does not fit in a /16 prefix"],
    ),
    "form: announcable CIDR that goes": (
        lambda keeper, of: keeper.change(of["tenants"], additional_announcable_cidrs=""),
        ["additional_announcable_cidrs: Clusters may still announce addresses of 10.240.0.0/12"],
    ),
    "form: address that is taken": (
        lambda keeper, of: keeper.add(IPAddress, network="internet", project=of["project"].pk, ip="203.0.113.200"),
        ["ip: 203.0.113.200 is held by project"],
    ),
    "form: address of a super network": (
        lambda keeper, of: keeper.add(IPAddress, network="tenants", project=of["project"].pk),
        ["network: tenants is a super network"],
    ),
    "form: address in another project's network": (
        lambda keeper, of: keeper.add(IPAddress, network=of["private"].pk, project=of["stranger"].pk),
        ["project: {private} belongs to another project."],
    ),
    "form: static address that becomes ephemeral": (
        lambda keeper, of: keeper.change(of["vpn"], type="ephemeral"),
        ["type: 203.0.113.200 is static and stays so"],
    ),
    "form: machine without private network": (
        lambda keeper, of: keeper.add(
            Machine, project=of["project"].pk, partition="mini-lab", networks=["internet"], id="lonely"
        ),
        ["networks: A machine is in a private network."],
    ),
    "form: VNI that is taken": (
        lambda keeper, of: keeper.add(VRF, id="104009"),
        ["id: There is already a VRF 104009."],
    ),
    "form: id that is taken": (
        lambda keeper, of: keeper.add(Partition, id="mini-lab"),
        ["id: There is already a partition mini-lab."],
    ),
    "form: prefix that overlaps": (
        lambda keeper, of: keeper.add(Prefix, network="internet", prefixes="10.0.4.0/22"),
        ["prefixes: 10.0.4.0/22 overlaps 10.0.0.0/16 of network tenants."],
    ),
    "form: prefix of a child network": (
        lambda keeper, of: keeper.add(Prefix, network=of["private"].pk, prefixes="10.64.0.0/16"),
        ["prefixes: {private} was carved from tenants"],
    ),
    "inline: prefix that overlaps, with a name that would be fine": (
        lambda keeper, of: keeper.change(
            of["internet"], name="kept?", **{"prefixes-TOTAL_FORMS": "3", "prefixes-2-cidr": "10.0.0.0/8"}
        ),
        ["10.0.0.0/8 overlaps 10.1.0.0/24 of network underlay."],
    ),
    "inline: prefix with addresses that goes": (
        lambda keeper, of: keeper.change(
            of["internet"], name="kept?", destination_prefixes="", **{"prefixes-0-DELETE": "on"}
        ),
        ["203.0.113.128/25 holds 2 addresses. Release them first."],
    ),
    "inline: last prefix that goes": (
        lambda keeper, of: keeper.change(of["spare"], **{"prefixes-0-DELETE": "on"}),
        ["spare would have no prefix left."],
    ),
    "inline: prefix of a child": (
        lambda keeper, of: keeper.change(
            of["private"], name="kept?", **{"prefixes-TOTAL_FORMS": "3", "prefixes-2-cidr": "10.9.0.0/22"}
        ),
        ["{private} was carved from tenants: its prefixes stay."],
    ),
    "list: row that somebody else has changed, beside one that would be fine": (
        lambda keeper, of: keeper.edit_list(
            Network, {of["internet"]: {"name": "mine", "generation": "9"}, of["tenants"]: {"name": "fine"}}
        ),
        ["Somebody else has changed “internet” meanwhile: it is in generation 1 by now."],
    ),
    "list: names that are too long": (
        lambda keeper, of: keeper.edit_list(
            IPAddress, {of["vpn"]: {"name": "n" * 256}, of["taken"]: {"name": "fine"}}
        ),
        ["name: Ensure this value has at most 255 characters (it has 256)."],
    ),
    "list: several rows at once, each with its reason": (
        lambda keeper, of: keeper.edit_list(
            Network, {of["internet"]: {"name": "a", "generation": "9"}, of["tenants"]: {"name": "b", "generation": "9"}}
        ),
        ["Somebody else has changed “internet”", "Somebody else has changed “tenants”"],
    ),
    "action: NAT that an underlay does not take": (
        lambda keeper, of: keeper.act(
            "change_nat_type", [of["internet"], of["underlay"]], nat_type="ipv4-masquerade"
        ),
        ["nat_type: Networks of type underlay do not take “nat_type”."],
    ),
    "action: name that becomes too long": (
        lambda keeper, of: keeper.act("rename", [of["internet"], of["tenants"]], name="n" * 200, after="!" * 56),
        [f"“internet” {TOO_LONG}", f"“tenants” {TOO_LONG}"],
    ),
    "delete-selected: address of a machine, beside one that is free to go": (
        lambda keeper, of: keeper.act("delete_selected", [of["vpn"], of["taken"]]),
        [IN_USE],
    ),
    "delete-selected: network in use": (
        lambda keeper, of: keeper.act("delete_selected", [of["internet"], of["spare"]]),
        ["1 machine is in internet. Release it first.", "internet holds 3 addresses. Release them first."],
    ),
    "delete-selected: prefix with children": (
        lambda keeper, of: keeper.act("delete_selected", [of["tenants"].prefixes.get(family=6)]),
        ["2001:db8:0:10::/64 holds 1 child prefix.", "There is an IPv6 child prefix length, but no IPv6 prefix"],
    ),
    "delete-selected: project in use": (
        lambda keeper, of: keeper.act("delete_selected", [of["project"]]),
        ["“alice” still has 1 network."],
    ),
    "delete: address of a machine": (lambda keeper, of: keeper.delete(of["taken"]), [IN_USE]),
    "delete: super network with children": (
        lambda keeper, of: keeper.delete(of["tenants"]),
        ["tenants has 1 child network. Delete it first."],
    ),
    "delete: partition in use": (lambda keeper, of: keeper.delete(of["partition"]), ["“mini-lab” still has"]),
    "delete: VRF in use": (lambda keeper, of: keeper.delete(of["internet"].vrf), ["VRF 104009 is used by network"]),
    "delete: prefix with addresses": (
        lambda keeper, of: keeper.delete(of["internet"].prefixes.get(family=4)),
        ["203.0.113.128/25 holds 2 addresses. Release them first.", "There are IPv4 destination prefixes, but"],
    ),
}  # fmt: skip


@shared_fixture
def cast(
    tenants: Network,
    private: Network,
    internet: Network,
    underlay: Network,
    machine: Machine,
    vpn: IPAddress,
    project: Project,
    stranger: Project,
    partition: Partition,
) -> dict[str, Any]:
    networks.update(tenants, additional_announcable_cidrs=cidrs("10.240.0.0/12"))
    spare = networks.create(external(id="spare", vrf=5, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    taken = machine.addresses.get(network=internet, family=4)
    return {**locals(), "tenants": Network.objects.get(pk="tenants")}


@pytest.mark.parametrize("name", REFUSED)
def test_refusal_is_told_in_words_and_changes_nothing(name: str, keeper: Keeper, cast: dict[str, Any]) -> None:
    write, beginnings = REFUSED[name]
    before = everything()
    said = complaints(write(keeper, cast))
    expected = [beginning.format(private=cast["private"].pk) for beginning in beginnings]
    assert [sentence[: len(beginning)] for sentence, beginning in zip(said, expected, strict=False)] == expected, said
    assert (len(said), everything() == before, LogEntry.objects.count()) == (len(expected), True, 0)
