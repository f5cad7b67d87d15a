"""Rules 29 and 31 to 35: what a machine joins, what it gets, and what stays when it goes."""

from typing import Any

import pytest

from ipam import errors
from ipam.domain.networks import addresses, machines, networks, partitions
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.space.number_pools import Pool
from ipam.models import IPAddress, Machine, MachineNetwork, Network, NumberRange, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, codes, external, free_blocks, ip, namespaced, super_network
from tests.shared import shared_fixture


@pytest.fixture
def allocate(partition: Partition, project: Project) -> Any:
    """Allocate a machine of Alice's in networks, given bare or as attachments."""

    def run(*joined: Network | Attachment, **fields: Any) -> Machine:
        attachments = [one if isinstance(one, Attachment) else Attachment(network=one) for one in joined]
        return machines.allocate(**{"project": project, "partition": partition, "networks": attachments} | fields)

    return run


@shared_fixture
def of_ipv4(tenants: Network, project: Project) -> Network:
    return networks.create(child(parent=tenants, project=project, address_family=[IPV4]))


@shared_fixture
def of_ipv6(tenants: Network, project: Project) -> Network:
    return networks.create(child(parent=tenants, project=project, address_family=[IPV6]))


def held(machine: Machine) -> list[str]:
    return [str(address) for address in machine.addresses.order_by("address")]


# --- 29: private networks -------------------------------------------------------------------------
def test_machine_joins_one_dual_stack_private_network(allocate: Any, private: Network) -> None:
    assert held(allocate(private)) == ["10.0.0.1", "2001:db8:0:10::1"]


def test_machine_joins_one_shared_network(allocate: Any, tenants: Network, stranger: Project) -> None:
    shared = networks.create(child(type="child-shared", parent=tenants, project=stranger))
    assert held(allocate(shared)) == ["10.0.0.1", "2001:db8:0:10::1"]


def test_machine_joins_one_private_network_per_family(allocate: Any, of_ipv4: Network, of_ipv6: Network) -> None:
    machine = allocate(of_ipv4, of_ipv6)
    assert held(machine) == ["10.0.0.1", "2001:db8:0:10::1"]
    assert of_ipv4.vrf != of_ipv6.vrf


def test_machine_joins_one_private_network_of_a_single_family(allocate: Any, of_ipv6: Network) -> None:
    assert held(allocate(of_ipv6)) == ["2001:db8:0:10::1"]


@pytest.mark.parametrize("order", [("private", "of_ipv4"), ("of_ipv6", "private")])
def test_machine_joins_no_two_private_networks_of_one_family(
    order: tuple[str, str], allocate: Any, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(errors.TooManyPrivateNetworks, match="both give IPv"):
        allocate(*[request.getfixturevalue(name) for name in order])


def test_every_family_with_two_private_networks_is_named(
    allocate: Any, private: Network, tenants: Network, project: Project
) -> None:
    with pytest.raises(errors.Several) as refusal:
        allocate(private, networks.create(child(parent=tenants, project=project)))
    assert codes(refusal.value) == ["too_many_private_networks", "too_many_private_networks"]


def test_private_network_that_is_limited_to_one_family_leaves_room_for_the_other(
    allocate: Any, private: Network, of_ipv6: Network
) -> None:
    machine = allocate(Attachment(network=private, families=[IPV4]), of_ipv6)
    assert [str(address.network_id) for address in machine.addresses.order_by("address")] == [private.pk, of_ipv6.pk]


def test_machine_without_private_network_is_refused(allocate: Any, internet: Network) -> None:
    with pytest.raises(errors.PrivateNetworkRequired):
        allocate(internet)


def test_machine_joins_any_number_of_external_networks(allocate: Any, private: Network, internet: Network) -> None:
    other = networks.create(external(id="other", vrf=2, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=()))
    machine = allocate(private, internet, other)
    assert held(machine) == [
        "10.0.0.1",
        "198.51.100.1",
        "203.0.113.129",
        "2001:db8:0:10::1",
        "2001:db8:0:113::1",
    ]


def test_networks_keep_the_order_in_which_they_were_named(allocate: Any, private: Network, internet: Network) -> None:
    machine = allocate(internet, private)
    assert [joined.network for joined in machine.attachments.all()] == [internet, private]


# --- 31: which networks ---------------------------------------------------------------------------
def test_machine_joins_at_least_one_network(allocate: Any) -> None:
    with pytest.raises(errors.IpamError) as refusal:
        allocate()
    assert codes(refusal.value) == ["required", "private_network_required"]


def test_network_is_named_once(allocate: Any, private: Network, internet: Network) -> None:
    with pytest.raises(errors.DuplicateNetwork, match="internet is named 2 times"):
        allocate(private, internet, internet)


@pytest.mark.parametrize("kind", ["tenants", "underlay"])
def test_machine_joins_no_super_and_no_underlay(
    kind: str, allocate: Any, private: Network, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(errors.NetworkNotUsable):
        allocate(private, request.getfixturevalue(kind))


def test_network_of_another_project_is_refused(allocate: Any, tenants: Network, stranger: Project) -> None:
    with pytest.raises(errors.WrongProject):
        allocate(networks.create(child(parent=tenants, project=stranger)))


def test_network_of_another_partition_is_refused(allocate: Any, private: Network) -> None:
    with pytest.raises(errors.WrongPartition, match="in partition mini-lab, the machine in elsewhere"):
        allocate(private, partition=partitions.create(id="elsewhere"))


def test_network_without_partition_serves_every_partition(allocate: Any, project: Project) -> None:
    everywhere = networks.create(super_network())
    private = networks.create(child(parent=everywhere, project=project))
    assert len(held(allocate(private))) == 2


# --- 32: addresses --------------------------------------------------------------------------------
def test_automatic_addresses_are_one_ephemeral_allocation_named_like_the_machine(
    allocate: Any, private: Network, project: Project
) -> None:
    allocate(private, name="web-1")
    ipv4, ipv6 = IPAddress.objects.all()
    assert (ipv4.type, ipv4.name, ipv4.project) == ("ephemeral", "web-1", project)
    assert ipv4.allocation == ipv6.allocation


def test_automatic_addresses_in_a_shared_network_belong_to_the_machines_project(
    allocate: Any, tenants: Network, project: Project, stranger: Project
) -> None:
    shared = networks.create(child(type="child-shared", parent=tenants, project=stranger))
    assert {address.project for address in allocate(shared).addresses.all()} == {project}


def test_family_of_an_attachment_limits_automatic_addresses(allocate: Any, private: Network) -> None:
    assert held(allocate(Attachment(network=private, families=[IPV6]))) == ["2001:db8:0:10::1"]


def test_no_automatic_addresses_when_they_are_not_wanted(allocate: Any, private: Network) -> None:
    assert held(allocate(Attachment(network=private, auto=False))) == []


def test_named_address_stops_automatic_ones_in_its_network(
    allocate: Any, private: Network, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.142")], type="static", name="gateway")
    machine = allocate(private, Attachment(network=internet, ips=[ip("203.0.113.142")]))
    assert held(machine) == ["10.0.0.1", "203.0.113.142", "2001:db8:0:10::1"]
    assert IPAddress.objects.get(address=ip("203.0.113.142")).name == "gateway"


def test_named_address_exists(allocate: Any, private: Network) -> None:
    with pytest.raises(errors.NotFound, match=r"10\.0\.0\.9 is not allocated"):
        allocate(Attachment(network=private, ips=[ip("10.0.0.9")]))


def test_named_address_belongs_to_its_network(
    allocate: Any, private: Network, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.142")])
    with pytest.raises(errors.IpNotInNetwork, match="belongs to network internet"):
        allocate(Attachment(network=private, ips=[ip("203.0.113.142")]))


def test_named_address_belongs_to_the_machines_project(
    allocate: Any, private: Network, internet: Network, stranger: Project
) -> None:
    addresses.allocate(internet, project=stranger, addresses=[ip("203.0.113.142")])
    with pytest.raises(errors.WrongProject, match=r"203\.0\.113\.142 belongs to another project"):
        allocate(private, Attachment(network=internet, ips=[ip("203.0.113.142")]))


def test_named_address_belongs_to_no_other_machine(allocate: Any, private: Network) -> None:
    allocate(private, name="web-1")
    with pytest.raises(errors.InUse, match="belongs to machine web-1"):
        allocate(Attachment(network=private, ips=[ip("10.0.0.1")]))


def test_named_address_is_of_the_networks_own_namespace(allocate: Any, project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    own, twin = [networks.create(child(parent=clusters, project=owner)) for owner in (project, stranger)]
    addresses.allocate(twin, project=stranger, addresses=[ip("100.64.0.7")])
    with pytest.raises(errors.NotFound):
        allocate(Attachment(network=own, ips=[ip("100.64.0.7")]))


# --- 33: ASN --------------------------------------------------------------------------------------
def test_machine_has_an_asn_of_its_own(allocate: Any, private: Network) -> None:
    assert [allocate(private).asn, allocate(private).asn] == [4_210_000_001, 4_210_000_002]


def test_asn_of_a_released_machine_is_given_again(allocate: Any, private: Network) -> None:
    first = allocate(private)
    allocate(private)
    machines.release(first)
    assert allocate(private).asn == 4_210_000_001


def test_no_machine_without_asn(allocate: Any, private: Network) -> None:
    NumberRange.objects.filter(pool=Pool.ASN).delete()
    with pytest.raises(errors.AsnExhausted, match="Release machines"):
        allocate(private)


# --- 34: all or nothing ---------------------------------------------------------------------------
def test_refused_machine_leaves_nothing_behind(allocate: Any, private: Network, project: Project) -> None:
    full = networks.create(
        external(prefixes=cidrs("192.0.2.0/30", "2001:db8:2::/128"), destination_prefixes=(), id="full")
    )
    addresses.allocate(full, project=project)
    static = addresses.allocate(private, project=project, addresses=[ip("10.0.0.9")], type="static")[0]
    before = free_blocks(private), free_blocks(full), list(NumberRange.objects.values())
    with pytest.raises(errors.Exhausted, match="IPv6 of full"):
        allocate(Attachment(network=private, ips=[ip("10.0.0.9")]), full)
    static.refresh_from_db()
    assert (free_blocks(private), free_blocks(full), list(NumberRange.objects.values())) == before
    assert (static.machine, static.generation, Machine.objects.count(), IPAddress.objects.count()) == (None, 1, 0, 3)


def test_machine_id_may_be_given_and_exists_once(allocate: Any, private: Network) -> None:
    assert allocate(private, id="node-1").pk == "node-1"
    with pytest.raises(errors.AlreadyExists, match="already a machine node-1"):
        allocate(private, id="node-1")


def test_machine_id_is_a_slug(allocate: Any, private: Network) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        allocate(private, id="node 1")
    assert refusal.value.field == "id"


# --- 35: release ----------------------------------------------------------------------------------
def test_released_machine_gives_back_its_ephemeral_addresses(allocate: Any, private: Network) -> None:
    fresh = free_blocks(private)
    machines.release(allocate(private))
    assert (free_blocks(private), Machine.objects.count(), MachineNetwork.objects.count()) == (fresh, 0, 0)


def test_released_machine_gives_back_named_ephemeral_addresses_too(
    allocate: Any, private: Network, project: Project
) -> None:
    addresses.allocate(private, project=project, addresses=[ip("10.0.0.9")])
    machines.release(allocate(Attachment(network=private, ips=[ip("10.0.0.9")])))
    assert not IPAddress.objects.exists()


def test_static_addresses_outlive_their_machine(allocate: Any, private: Network, project: Project) -> None:
    addresses.allocate(private, project=project, addresses=[ip("10.0.0.9")], type="static")
    machines.release(allocate(Attachment(network=private, ips=[ip("10.0.0.9")])))
    address = IPAddress.objects.get()
    assert (str(address), address.machine) == ("10.0.0.9", None)


def test_address_that_became_static_outlives_its_machine(allocate: Any, private: Network) -> None:
    machine = allocate(private)
    addresses.update(machine.addresses.order_by("address")[0], type="static")
    machines.release(machine)
    assert [str(address) for address in IPAddress.objects.all()] == ["10.0.0.1"]


def test_machine_is_released_once(allocate: Any, private: Network) -> None:
    machine = allocate(private)
    machines.release(machine)
    with pytest.raises(errors.NotFound):
        machines.release(Machine(pk="node-1"))


def test_machine_changes_its_names_only(allocate: Any, private: Network) -> None:
    machine = machines.update(allocate(private), name="web", hostname="web-1", labels={"rack": "7"})
    assert (machine.name, machine.hostname, machine.labels, machine.generation) == ("web", "web-1", {"rack": "7"}, 2)
