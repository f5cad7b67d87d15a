"""Reading dumps of go-ipam: what somebody took, what go-ipam took itself, and what does not fit together."""

import io
import json
from typing import Any

import pytest

from ipam import errors
from ipam.domain.files import documents, importing
from ipam.domain.files.summaries import Summary
from ipam.domain.moving import go_ipam
from ipam.domain.moving.foreign_entries import Foreign
from ipam.models import Network, Partition, Project
from tests.builders import cidrs, prefixes_of


def read(*entries: Any, **options: Any) -> Foreign:
    return go_ipam.read(io.StringIO(json.dumps(entries)), project=Project(), **options)


def entry(cidr: str, *ips: str, **changes: Any) -> dict[str, Any]:
    return {"Cidr": cidr, "IPs": dict.fromkeys(ips, True)} | changes


def refused(dump: Foreign) -> list[str]:
    return [f"{row.name}: {error.detail}" for row in dump.broken for error in row.broken]


def bring_in(dump: Foreign, partition: Partition | None = None) -> Summary:
    return importing.apply(go_ipam.Rows(dump, partition=partition), skip_refused=True)


@pytest.mark.parametrize(
    ("cidr", "own"),
    [
        ("10.0.0.0/24", ["10.0.0.0", "10.0.0.255"]),
        ("10.0.0.0/31", ["10.0.0.0", "10.0.0.1"]),
        ("10.0.0.0/32", ["10.0.0.0"]),
        ("2001:db8::/64", ["2001:db8::"]),
        ("2001:db8::/128", ["2001:db8::"]),
    ],
)
def test_what_go_ipam_took_itself_is_nobodys(cidr: str, own: list[str]) -> None:
    assert read(entry(cidr, *own)).addresses == []


@pytest.mark.parametrize("ips", [{"10.0.0.9": True, "10.0.0.8": False}, ["10.0.0.9"]])
def test_addresses_are_keys_or_a_list(ips: Any) -> None:
    assert [str(one.address) for one in read(entry("10.0.0.0/24", IPs=ips)).addresses] == ["10.0.0.9"]


def test_nothing_at_all_may_be_null() -> None:
    dump = read(
        {"Cidr": "10.0.0.0/24", "ParentCidr": None, "Namespace": None, "AvailableChildPrefixes": None, "IPs": None}
    )
    assert ([one.cidr for one in dump.prefixes], dump.addresses, dump.broken) == (cidrs("10.0.0.0/24"), [], [])


def test_an_address_that_is_wrong_takes_no_other_with_it() -> None:
    dump = read(entry("10.0.0.0/24", "10.0.0.9", "::ffff:10.0.0.8", "10.9.0.1", "10.9.0.2"))
    assert [str(one.address) for one in dump.addresses] == ["10.0.0.9"]
    assert refused(dump) == [
        "prefixes[0] “10.0.0.0/24”.IPs: “::ffff:10.0.0.8” is an IPv4-mapped IPv6 address; write 10.0.0.8 instead.",
        "prefixes[0] “10.0.0.0/24”.IPs: 2 lie outside of the prefix: 10.9.0.1, 10.9.0.2.",
    ]


def test_prefix_that_is_there_twice_is_refused() -> None:
    dump = read(entry("10.0.0.0/24"), entry("10.0.0.0/24", "10.0.0.9"))
    assert refused(dump) == ["prefixes[1]: 10.0.0.0/24 is there twice. Take one of them out."]
    assert (len(dump.prefixes), dump.addresses) == (1, [])


def test_addresses_of_another_shape_are_refused() -> None:
    assert refused(read(entry("10.0.0.0/24", IPs="10.0.0.9"))) == [
        "prefixes[0]: IPs: “10.0.0.9” is neither an object nor a list."
    ]


def test_parents_and_children_that_are_missing_are_told_once_each() -> None:
    children = {"10.1.0.0/24": False, "10.1.1.0/24": False, "10.1.2.0/24": True}
    dump = read(
        entry("10.1.0.0/16", AvailableChildPrefixes=children, IsParent=True),
        entry("10.1.0.0/24", ParentCidr="10.1.0.0/16"),
        entry("10.2.0.0/24", ParentCidr="10.2.0.0/16"),
        entry("10.2.1.0/24", ParentCidr="10.2.0.0/16"),
    )
    assert dump.not_kept == [
        "prefixes[0] “10.1.0.0/16”: 1 of its children, which are not among the prefixes: 10.1.1.0/24.",
        "10.2.0.0/16, not among the prefixes, but the parent of 2 of them: 10.2.0.0/24, 10.2.1.0/24.",
    ]


def test_parent_is_known_in_any_spelling() -> None:
    dump = read(entry("2001:db8::/40", IsParent=True), entry("2001:db8:0:1::/64", ParentCidr="2001:0DB8:000::/40"))
    assert dump.not_kept == []


def test_other_namespaces_are_told_and_keep_nothing_out() -> None:
    dump = read(
        entry("10.0.0.0/24"), entry("10.0.0.0/24", Namespace="tenant"), entry("10.1.0.0/24", Namespace="tenant")
    )
    assert (len(dump.prefixes), dump.broken) == (1, [])
    assert dump.not_kept == ["2 prefixes of namespace “tenant”; name it to bring them in."]


def test_namespace_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(errors.NotFound) as told:
        read(entry("10.0.0.0/24"), entry("10.0.0.0/24", Namespace="tenant"), namespace="tenants")
    assert told.value.detail == "There is no prefix in namespace “tenants”. There are: root (1), tenant (1)."


def test_what_follows_the_dump_is_no_part_of_it() -> None:
    with pytest.raises(documents.ParseError, match="Something follows after the end of the JSON"):
        go_ipam.read(io.StringIO("[] []"), project=Project())


def test_a_full_prefix_is_one_long_entry() -> None:
    ips = [f"10.0.{third}.{fourth}" for third in range(256) for fourth in range(256)]
    assert len(read(entry("10.0.0.0/16", *ips)).addresses) == 65_534


@pytest.mark.parametrize("hint", [{"IsParent": True}, {"ChildPrefixLength": 24}])
def test_parent_without_children_becomes_a_super_network(
    hint: dict[str, Any], partition: Partition, project: Project
) -> None:
    dump = go_ipam.read(io.StringIO(json.dumps([entry("10.0.0.0/16", **hint)])), project=project, vrf=7)
    result = bring_in(dump, partition=partition)
    network = Network.objects.get()
    assert (network.type, prefixes_of(network), result.not_kept) == ("super", ["10.0.0.0/16"], [])


def test_addresses_of_a_refused_prefix_are_counted(project: Project) -> None:
    dump = go_ipam.read(io.StringIO(json.dumps([entry("10.0.0.1/24", "10.0.0.7", "10.0.0.8")])), project=project, vrf=7)
    assert [error.detail for error in bring_in(dump).refusals()] == [
        "prefixes[0] “10.0.0.1/24”: 10.0.0.1/24 has host bits set; the prefix is 10.0.0.0/24.",
        "prefixes[0] “10.0.0.1/24”.IPs: 2 addresses lie in 10.0.0.1/24, which was refused: 10.0.0.7, 10.0.0.8.",
    ]


def test_vrf_that_is_named_is_not_drawn_by_a_child_before(partition: Partition, project: Project) -> None:
    entries = [
        entry("10.0.0.0/16", IsParent=True),
        entry("10.0.0.0/24", ParentCidr="10.0.0.0/16"),
        entry("192.0.2.0/24"),
    ]
    dump = go_ipam.read(io.StringIO(json.dumps(entries)), project=project, vrf=1)
    assert list(bring_in(dump, partition=partition).refusals()) == []
    assert list(Network.objects.order_by("pk").values_list("pk", "vrf")) == [
        ("go-ipam-10-0-0-0-24", 2), ("go-ipam-192-0-2-0-24", 1), ("go-ipam-mini-lab", None),
    ]  # fmt: skip
