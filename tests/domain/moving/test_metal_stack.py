"""Reading documents of metal-stack: text becomes values, and every fault is kept with its place."""

from typing import Any
from uuid import UUID

import pytest

from ipam.domain.files import documents
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.entries import REPORTED, Document
from tests.builders import IPV4, IPV6, cidrs, ip


def faults(text: str) -> list[str]:
    return [
        f"{row.name}: {error.detail}" if row.name else error.detail
        for rows in reading.parse(text).broken.values()
        for row in rows
        for error in row.broken
    ]


def values(rows: list[ParsedRow], *names: str) -> list[Any]:
    """What rows say in these columns."""
    found = [tuple(row.values[name] for name in names) for row in rows]
    return [one[0] for one in found] if len(names) == 1 else found


def test_super_network_is_read_with_all_of_its_fields() -> None:
    document = reading.parse("""
        networks:
          - id: tenants
            name: Tenants
            description: All of them
            labels: {stage: prod}
            privatesuper: true
            partitionid: fra
            projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6
            vrf: 42
            vrfshared: true
            nat: true
            prefixes: [10.0.0.0/16, "2001:db8::/64"]
            destinationprefixes: ["::/0"]
            defaultchildprefixlength: {IPv4: 22, IPv6: 96}
            additionalAnnouncableCIDRs: [10.240.0.0/12]
    """)
    assert document.broken == {}
    (row,) = document.networks
    assert (row.name, row.values) == (
        "networks[0] “tenants”",
        {
            "id": "tenants",
            "name": "Tenants",
            "description": "All of them",
            "labels": {"stage": "prod"},
            "type": "super",
            "partition": "fra",
            "project": UUID("4b9b17c4-2d7c-4190-ae95-dda44e430fa6"),
            "parent": None,
            "vrf": 42,
            "vrf_shared": True,
            "nat_type": "ipv4-masquerade",
            "prefixes": cidrs("10.0.0.0/16", "2001:db8::/64"),
            "destination_prefixes": cidrs("::/0"),
            "default_child_prefix_length": {IPV4: 22, IPV6: 96},
            "additional_announcable_cidrs": cidrs("10.240.0.0/12"),
        },
    )


def test_address_is_read_with_its_tags_as_labels() -> None:
    document = reading.parse("""
        ips:
          - {ipaddress: "2001:db8::1", networkid: internet, projectid: p, type: static, tags: [a=b=c, d]}
    """)
    (row,) = document.ips
    assert (row.name, row.values) == (
        "ips[0] “2001:db8::1”",
        {
            "ip": ip("2001:db8::1"),
            "network": "internet",
            "project": "p",
            "machine": None,
            "type": "static",
            "name": "",
            "description": "",
            "labels": {"a": "b=c", "d": ""},
            "tags": [],
        },
    )


def test_project_is_read_with_its_tenant() -> None:
    document = reading.parse("projects: [{id: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6, name: shop, tenantid: acme}]")
    (row,) = document.projects
    assert (row.name, row.values) == (
        "projects[0] “4b9b17c4-2d7c-4190-ae95-dda44e430fa6”",
        {
            "id": UUID("4b9b17c4-2d7c-4190-ae95-dda44e430fa6"),
            "name": "shop",
            "tenant": "acme",
            "description": "",
            "labels": {},
        },
    )


def test_type_follows_from_the_flags() -> None:
    document = reading.parse("""
        networks: [{id: one, privatesuper: true}, {id: two, underlay: true}, {id: three}]
    """)
    assert values(document.networks, "type") == ["super", "underlay", "external"]


def test_addresses_are_ephemeral_unless_they_say_otherwise() -> None:
    document = reading.parse("ips: [{ipaddress: 192.0.2.1, networkid: n, projectid: p}]")
    assert values(document.ips, "type") == ["ephemeral"]


def test_empty_document_has_nothing_and_no_fault() -> None:
    assert reading.parse("") == Document()


@pytest.mark.parametrize("text", ["networks: [", "!!python/object/apply:os.getcwd []"])
def test_text_that_is_no_yaml_or_builds_objects_is_unreadable(text: str) -> None:
    with pytest.raises(documents.ParseError, match="This is not YAML: "):
        reading.parse(text)


def test_document_that_is_no_object_is_refused() -> None:
    assert faults("text") == [
        "A document has the keys partitions, projects, networks, machines, ips, each with a list."
    ]


def test_unknown_section_is_named() -> None:
    assert faults("images: []") == [
        "“images” is no known key; there are partitions, projects, networks, machines, ips."
    ]


def test_section_that_is_no_list_is_named() -> None:
    assert faults("networks: {id: x}") == ["“networks” is a list."]


def test_entry_that_is_no_object_is_told_by_its_place() -> None:
    assert faults("networks: [internet]") == ["networks[0]: it has to be an object with keys."]


def test_unknown_key_is_named_with_its_place() -> None:
    assert faults("partitions: [{id: fra}, {id: muc, naem: Munich}]") == [
        "partitions[1] “muc”: “naem” is no known key. Correct it, or take it out."
    ]


def test_child_network_is_read_with_its_parent() -> None:
    document = reading.parse("""
        networks: [{id: one, parentnetworkid: tenants}, {id: two, parentnetworkid: tenants, shared: true}]
    """)
    assert values(document.networks, "type", "parent") == [("child", "tenants"), ("child-shared", "tenants")]


def test_type_that_is_said_goes_before_flags() -> None:
    document = reading.parse("networks: [{id: one, networktype: super-namespaced, nattype: ipv4-masquerade}]")
    assert values(document.networks, "type", "nat_type") == [("super-namespaced", "ipv4-masquerade")]


def test_lists_and_documents_of_objects_are_told_by_their_fields() -> None:
    text = """
---
id: n1
prefixes: [10.0.0.0/8]
partitionid: fra
projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6
created: 2024-01-01T00:00:00.000Z
usage: {available_ips: 5}
---
- {ipaddress: 10.0.0.1, networkid: n1, projectid: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6,
   allocationuuid: 00000000-0000-0000-0000-00000000000a, tags: [machine.metal-stack.io/id=m1, a=b]}
- {id: m1, partition: {id: fra}, allocation: {name: web, hostname: web-1, role: firewall,
   project: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6, networks: [{networkid: n1, asn: 4210000007, ips: [10.0.0.1]}]}}
- {id: m2, partition: {id: fra}, allocation: null}
"""
    document = reading.parse(text)
    assert document.broken == {}
    implied = [UUID("4b9b17c4-2d7c-4190-ae95-dda44e430fa6")]
    assert [row.values for row in document.partitions] == [{"id": "fra"}]
    assert [row.values for row in document.projects] == [{"id": id} for id in implied]
    assert values(document.networks, "id") == ["n1"]
    assert values(document.ips, "machine", "labels", "allocation") == [("m1", {"a": "b"}, UUID(int=10))]
    assert values(document.machines, "id", "name", "hostname", "role", "asn", "networks", REPORTED) == [
        ("m1", "web", "web-1", "firewall", 4210000007, ["n1"], [("n1", ip("10.0.0.1"))])
    ]
    assert dict(document.not_kept) == {"“created” of networks": 1, "machines without allocation": 1}


def test_network_cannot_be_super_and_underlay() -> None:
    assert faults("networks: [{id: both, privatesuper: true, underlay: true}]") == [
        "networks[0] “both”: privatesuper and underlay exclude each other."
    ]


def test_text_that_looks_like_a_number_stays_the_text_that_was_written() -> None:
    text = """
        networks: [{id: 0123, name: 12:30:45, description: 0x1F, labels: {rack: 1_000, since: 2026-01-02, hot: yes},
                    nat: yes, vrf: 7, prefixes: [10.0.0.0/8], defaultchildprefixlength: 22, partitionid: null}]
    """
    document = reading.parse(text)
    assert document.broken == {}
    assert values(document.networks, "id", "name", "description") == [("0123", "12:30:45", "0x1F")]
    assert values(document.networks, "labels") == [{"rack": "1_000", "since": "2026-01-02", "hot": "yes"}]
    assert values(document.networks, "nat_type", "vrf", "default_child_prefix_length", "partition") == [
        ("ipv4-masquerade", 7, {IPV4: 22}, None)
    ]


def test_key_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(documents.ParseError) as refused:
        reading.parse("networks: [{id: a, id: b}]")
    assert refused.value.detail.startswith("This is not YAML: a key stands there twice")


def test_every_value_of_the_wrong_kind_is_told() -> None:
    text = """
        networks:
          - id: net
            name: [5]
            nat: maybe
            vrf: many
            prefixes: 10.0.0.0/8
            destinationprefixes: [10.0.0.0]
            defaultchildprefixlength: {ipv4: 22}
            labels: [a]
        ips:
          - {ipaddress: 192.0.2.256, type: fixed, tags: a}
    """
    assert sorted(faults(text)) == [
        "ips[0] “192.0.2.256”: ipaddress: “192.0.2.256” is not an IPv4 or IPv6 address.",
        "ips[0] “192.0.2.256”: tags: “a” is no list.",
        "ips[0] “192.0.2.256”: type: “fixed” is none of ephemeral, static.",
        "ips[0] “192.0.2.256”: “networkid” is missing.",
        "ips[0] “192.0.2.256”: “projectid” is missing.",
        "networks[0] “net”: defaultchildprefixlength: “{'ipv4': '22'}” is no object such as "
        '{"IPv4": 22, "IPv6": 64}.',
        "networks[0] “net”: destinationprefixes: “10.0.0.0” has no prefix length; write it as address/length: "
        "10.0.0.0/32 for this address alone.",
        'networks[0] “net”: labels: “[\'a\']” is no object of texts, such as {"stage": "prod"}.',
        "networks[0] “net”: name: “['5']” is no text.",
        "networks[0] “net”: nat: “maybe” is neither true nor false.",
        "networks[0] “net”: prefixes: “10.0.0.0/8” is no list.",
        "networks[0] “net”: vrf: “many” is not a whole number.",
    ]


def machine(networks: str, tags: str = "[]") -> str:
    allocation = f"{{project: 4b9b17c4-2d7c-4190-ae95-dda44e430fa6, networks: {networks}}}"
    return f"- {{id: m1, partition: {{id: fra}}, tags: {tags}, allocation: {allocation}}}"


def test_asn_may_be_text() -> None:
    assert values(reading.parse(machine("[{networkid: n1, asn: '4210000007'}]")).machines, "asn") == [4210000007]


def test_asn_may_be_a_tag_alone() -> None:
    text = machine("[{networkid: n1}]", "[machine.metal-stack.io/network.primary.asn=4210000007]")
    assert values(reading.parse(text).machines, "asn") == [4210000007]


def test_asn_that_networks_and_tag_agree_on_is_one() -> None:
    networks = "[{networkid: n1, asn: 4210000007}, {networkid: n2, asn: '4210000007'}]"
    text = machine(networks, "[machine.metal-stack.io/network.primary.asn=4210000007]")
    assert values(reading.parse(text).machines, "asn") == [4210000007]


def test_several_asns_are_refused() -> None:
    networks = "[{networkid: n1, asn: 4210000009}, {networkid: n2, asn: 4210000007}]"
    tags = "[machine.metal-stack.io/network.primary.asn=4210000008]"
    assert faults(machine(networks, tags)) == [
        "machines[0] “m1”: its networks and tags name the ASNs 4210000007, 4210000008, 4210000009; a machine has one. "
        "Correct them."
    ]


def test_asn_that_is_no_number_is_told() -> None:
    tags = "[machine.metal-stack.io/network.primary.asn=AS7]"
    assert faults(machine("[{networkid: n1, asn: [7]}]", tags)) == [
        "machines[0] “m1”: asn: “['7']” is not a whole number.",
        "machines[0] “m1”: asn: “AS7” is not a whole number.",
    ]


def test_network_of_a_machine_needs_an_id() -> None:
    assert faults(machine("[{asn: 4210000007}]")) == [
        "machines[0] “m1”: one of its networks has no “networkid”. Add it, or take the network out."
    ]


def test_address_of_two_machines_is_refused() -> None:
    text = "{ipaddress: 192.0.2.1, networkid: n, projectid: p, tags: [ID=m1, ID=m2, ID=m1]}"
    assert faults(text.replace("ID", "machine.metal-stack.io/id")) == [
        "ips[0] “192.0.2.1”: its tags name the machines m1, m2; an address has one. Correct them."
    ]


def test_address_keeps_every_tag_and_those_that_are_no_label_beside_its_labels() -> None:
    said = f"[a=2, b, a=1, a=1, b, c=, '', {'x' * 64}, machine.metal-stack.io/id=m1, machine.metal-stack.io/id=]"
    document = reading.parse(f"{{ipaddress: 192.0.2.1, networkid: n, projectid: p, tags: {said}}}")
    assert values(document.ips, "labels") == [{"a": "1", "b": ""}]
    assert values(document.ips, "tags") == [["", "a=2", "c=", "machine.metal-stack.io/id=", "x" * 64]]
    assert (values(document.ips, "machine"), document.repeated) == (["m1"], {})


def test_tag_of_a_machine_with_several_values_keeps_the_first_and_is_told() -> None:
    document = reading.parse(machine("[{networkid: n1}]", "[a=1, b, a=2, a=1, b]"))
    assert values(document.machines, "labels") == [{"a": "1", "b": ""}]
    assert document.repeated == {("machines", "a"): ["m1"]}


def test_child_prefix_length_of_older_versions_is_that_of_the_one_family() -> None:
    document = reading.parse("{id: old, prefixes: [10.0.0.0/14, 10.8.0.0/14], defaultchildprefixlength: 22}")
    assert values(document.networks, "default_child_prefix_length") == [{IPV4: 22}]


def test_child_prefix_length_of_both_families_has_to_name_them() -> None:
    text = "{id: old, prefixes: [10.0.0.0/14, '2001:db8::/48'], defaultchildprefixlength: 22}"
    assert faults(text) == [
        'networks[0] “old”: defaultchildprefixlength: “22” is no object such as {"IPv4": 22, "IPv6": 64}.'
    ]


def test_empty_allocation_id_is_none() -> None:
    document = reading.parse("ips: [{ipaddress: 192.0.2.1, networkid: n, projectid: p, allocationuuid: ''}]")
    assert "allocation" not in document.ips[0].values


def test_entry_that_is_there_again_counts_once() -> None:
    entry = "{id: one, vrf: 7, prefixes: [192.0.2.0/24]}"
    assert len(reading.parse(f"[{entry}, {entry}]").networks) == 1


def test_address_that_is_there_again_counts_once() -> None:
    entry = "{ipaddress: 192.0.2.1, networkid: n, projectid: p}"
    assert len(reading.parse(f"ips: [{entry}, {entry}]").ips) == 1


def test_two_entries_of_one_id_that_differ_are_told() -> None:
    text = "[{id: one, vrf: 7, prefixes: []}, {id: one, vrf: 8, prefixes: []}]"
    assert faults(text) == ["networks[1] “one”: networks[0] “one” has the same id and other values. Keep one of them."]


def test_project_is_one_in_upper_and_lower_case() -> None:
    entry = "{id: ID, prefixes: [], projectid: PROJECT}"
    upper, lower = "4B9B17C4-2D7C-4190-AE95-DDA44E430FA6", "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"
    entries = (
        entry.replace("ID", "n1", 1).replace("PROJECT", upper),
        entry.replace("ID", "n2", 1).replace("PROJECT", lower),
    )
    assert values(reading.parse(f"[{', '.join(entries)}]").projects, "id") == [UUID(lower)]


@pytest.mark.parametrize("entry", ["5", "null", "{foo: bar}", "{id: ubuntu, classification: supported}"])
def test_what_is_of_no_known_kind_is_told(entry: str) -> None:
    assert faults(f"[{{id: fra}}, {entry}]") == [
        "Entry 2 of a list is none of partitions, projects, networks, machines, ips. Take it out."
    ]


def test_machine_needs_a_project_and_a_partition() -> None:
    assert faults("machines: [{id: m1, allocation: {networks: [{networkid: n1}]}}]") == [
        "machines[0] “m1”: “partitionid” is missing.",
        "machines[0] “m1”: “project” is missing.",
    ]


# --- Variables of the deployment, as in metal-stack/mini-lab ----------------------------------------
def test_lists_of_the_deployment_are_read() -> None:
    document = reading.parse(
        """
        metal_api_replicas: 1
        metal_api_sizes: [{id: v1-small-x86}]
        metal_api_partitions: [{id: mini-lab, privatenetworkprefixlength: 22}]
        metal_masterdata_api_projects: [{meta: {id: 00000000-0000-0000-0000-000000000001, kind: Project}, name: sample}]
        metal_api_networks: [{id: underlay, underlay: true, partitionid: mini-lab, prefixes: [10.1.0.0/24]}]
        metal_api_ips:
          - {networkid: underlay, projectid: 00000000-0000-0000-0000-000000000000, ipaddress: 10.1.0.9}
        """
    )
    assert document.broken == {}
    assert values([*document.partitions, *document.networks], "id") == ["mini-lab", "underlay"]
    assert [row.values.get("name") for row in document.projects] == ["sample", None]  # the second is only named
    assert values(document.ips, "ip") == [ip("10.1.0.9")]
    assert document.not_kept == {
        "variables of the deployment": 2,
        "“privatenetworkprefixlength” of partitions": 1,
    }


def test_a_list_of_the_deployment_that_is_a_template_is_told() -> None:
    assert faults("metal_api_networks: '{{ networks }}'") == [
        "“metal_api_networks” is no list. If it is a template of Ansible, write out what it stands for."
    ]
