"""What old data says of itself and is not so; most of it is told by `test_import_metal_stack`."""

from ipam.domain import metal_stack, metal_stack_drift

NETWORK = "networks: [{id: home, prefixes: [10.0.0.0/24, '2001:db8::/64']}]"


def drift(*ips: str) -> list[str]:
    entries = ", ".join(f"{{networkid: home, projectid: p, {one}}}" for one in ips)
    return list(metal_stack_drift.find(metal_stack.parse(f"{NETWORK}\nips: [{entries}]")))


def test_machine_with_both_families_lacks_none_though_each_has_its_own_allocation(db: None) -> None:
    tag = "tags: [machine.metal-stack.io/id=m1]"
    told = drift(f"ipaddress: 10.0.0.1, {tag}", f"ipaddress: '2001:db8::1', {tag}")
    assert [line for line in told if "dual-stack" in line] == []


def test_owners_of_an_address_are_told_up_to_a_few(db: None) -> None:
    assert drift(*(f"ipaddress: 10.0.0.1, name: n{number}" for number in range(7)))[0] == (
        "10.0.0.1 has 7 owners: " + "project p in network home, " * 4 + "project p in network home and 2 more."
    )
