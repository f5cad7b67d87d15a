"""What old data says of itself and is not so; most of it is told by `test_import_metal_stack`."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.moving.metal_stack import drift as metal_stack_drift
from ipam.domain.moving.metal_stack import pairs, reading
from ipam.domain.moving.metal_stack.entries import Document

NETWORK = "networks: [{id: home, prefixes: [10.0.0.0/24, '2001:db8::/64']}]"


def drift(*ips: str) -> list[str]:
    entries = ", ".join(f"{{networkid: home, projectid: p, {one}}}" for one in ips)
    return list(metal_stack_drift.find(reading.parse(f"{NETWORK}\nips: [{entries}]")))


def test_machine_with_both_families_lacks_none_though_each_has_its_own_allocation(db: None) -> None:
    tag = "tags: [machine.metal-stack.io/id=m1]"
    told = drift(f"ipaddress: 10.0.0.1, {tag}", f"ipaddress: '2001:db8::1', {tag}")
    assert [line for line in told if "dual-stack" in line] == []


def pair(*ips: str) -> list[UUID | None]:
    """The allocations of these addresses of machine m1 after pairing."""
    entries = ", ".join(
        f"{{networkid: home, projectid: p, tags: [machine.metal-stack.io/id=m1], {one}}}" for one in ips
    )
    document = reading.parse(f"{NETWORK}\nips: [{entries}]")
    pairs.pair(document)
    return [row.values["allocation"] for row in document.ips]


FIRST, SECOND = UUID(int=1), UUID(int=2)
IPV6, IPV4 = f"ipaddress: '2001:db8::1', allocationuuid: {SECOND}", f"ipaddress: 10.0.0.1, allocationuuid: {FIRST}"


def test_pair_of_a_machine_becomes_one_allocation_under_the_id_of_its_ipv4_address() -> None:
    assert pair(IPV6, IPV4) == [FIRST, FIRST]


def test_pair_whose_ipv4_address_is_older_than_allocation_ids_takes_that_of_the_other() -> None:
    assert pair("ipaddress: 10.0.0.1", IPV6) == [SECOND, SECOND]


def test_machine_with_two_addresses_of_a_family_keeps_its_allocations() -> None:
    assert pair(IPV4, f"ipaddress: 10.0.0.2, allocationuuid: {UUID(int=3)}", IPV6) == [FIRST, UUID(int=3), SECOND]


def test_static_and_ephemeral_address_stay_two_allocations() -> None:
    assert pair(f"{IPV4}, type: static", IPV6) == [FIRST, SECOND]


def test_pairs_that_are_two_allocations_are_told_with_what_mends_it(db: None) -> None:
    tag = "tags: [machine.metal-stack.io/id=m1]"
    assert drift(f"{IPV4}, {tag}", f"{IPV6}, {tag}")[0] == (
        "Two allocations where a machine has a pair in a network (1): 10.0.0.1 and 2001:db8::1. With --pair they "
        "become one; without it, both halves count here as lacking a family."
    )


def test_owners_of_an_address_are_told_up_to_a_few(db: None) -> None:
    assert drift(*(f"ipaddress: 10.0.0.1, name: n{number}" for number in range(7)))[0] == (
        "10.0.0.1 has 7 owners: " + "project p in network home, " * 4 + "project p in network home and 2 more."
    )


def test_drift_costs_the_same_statements_for_one_network_and_for_thirty(
    db: None, django_assert_num_queries: Any
) -> None:
    def found(count: int) -> Document:
        nets = ", ".join(f"{{id: n{n}, prefixes: [10.0.{n}.0/24, '2001:db8:{n}::/64']}}" for n in range(count))
        ips = ", ".join(f"{{networkid: n{n}, projectid: p, ipaddress: 10.0.{n}.1}}" for n in range(count))
        return reading.parse(f"networks: [{nets}]\nips: [{ips}]")

    with CaptureQueriesContext(connection) as one:
        list(metal_stack_drift.find(found(1)))
    with django_assert_num_queries(len(one)):
        assert len(list(metal_stack_drift.find(found(30)))) == 30
