"""Rule 25a: the gateway of a prefix is kept out of free space, and given to who names it."""

import io
import json
from typing import Any

import pytest
import yaml

from ipam import errors
from ipam.addressing import Family
from ipam.domain.files import ansible_inventory, dns_zones, importing
from ipam.domain.files.kinds import PREFIXES
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor, rebuilding
from ipam.domain.networks import address_batches, addresses, machines, netplan, networks, prefixes
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.space import utilization
from ipam.domain.undo import undoing
from ipam.models import Event, IPAddress, Machine, Network, Partition, Prefix, Project
from tests.builders import child, cidrs, external, free_blocks, ip
from tests.shared import shared_fixture

V4, V6 = cidrs("192.0.2.0/29", "2001:db8:2::/125")


@shared_fixture
def edge() -> Network:
    """An external network whose prefixes begin with their gateways."""
    fields = {V4: {"gateway": ip("192.0.2.1")}, V6: {"gateway": ip("2001:db8:2::1")}}
    return networks.create(external(id="edge", vrf=9, prefixes=[V4, V6], destination_prefixes=(), prefix_fields=fields))


def first(network: Network, family: int = 4) -> Prefix:
    return network.prefixes.get(family=family)


def take(network: Network, project: Project, *named: str, **more: Any) -> list[str]:
    return list(map(str, addresses.allocate(network, project=project, addresses=list(map(ip, named)), **more)))


def use(network: Network) -> tuple[int, int, int]:
    """Used, reserved and available addresses of IPv4."""
    found = utilization.of_network(network)[0]
    assert found == utilization.of_prefixes([first(network)])[first(network).pk]
    return found.used_ips, found.reserved_ips, found.available_ips


def test_gateways_are_not_given_by_themselves(edge: Network, project: Project) -> None:
    assert take(edge, project) == ["192.0.2.2", "2001:db8:2::2"]
    assert len(addresses.allocate(edge, project=project, families=[Family.IPV4], count=4)) == 4
    with pytest.raises(errors.Exhausted):
        addresses.allocate(edge, project=project, families=[Family.IPV4])


def test_gateways_are_given_to_who_names_them_and_to_nobody_else(edge: Network, project: Project) -> None:
    assert take(edge, project, "192.0.2.1", "2001:db8:2::1") == ["192.0.2.1", "2001:db8:2::1"]
    with pytest.raises(errors.AlreadyAllocated):
        take(edge, project, "192.0.2.1")


def test_gateways_count_as_reserved_until_they_are_held(edge: Network, project: Project) -> None:
    assert use(edge) == (0, 3, 5)
    take(edge, project, "192.0.2.1")
    assert use(edge) == (1, 2, 5)


@pytest.mark.parametrize("together", [False, True])
def test_a_released_gateway_is_no_free_space(edge: Network, project: Project, together: bool) -> None:
    before = free_blocks(edge)
    held = addresses.allocate(edge, project=project, addresses=[ip("192.0.2.1"), ip("2001:db8:2::1")])
    if together:
        addresses.release_many(held)
    else:
        for one in held:
            addresses.release(one)
    assert free_blocks(edge) == before
    assert list(doctor.examine()) == []


def test_gateways_are_taken_by_the_thousand_as_one_by_one(edge: Network, project: Project) -> None:
    wanted = [Named(address=ip(text), network=edge, project=project) for text in ("192.0.2.1", "192.0.2.1")]
    refused = address_batches.take(wanted)
    assert {place: error.code for place, error in refused.items()} == {1: "already_allocated"}


def test_undo_gives_a_gateway_again_to_who_released_it(edge: Network, project: Project) -> None:
    (held,) = addresses.allocate(edge, project=project, addresses=[ip("192.0.2.1")])
    addresses.release_allocation(held.allocation)
    undoing.undo(Event.objects.order_by("pk").last().pk)
    assert use(edge) == (1, 2, 5)


def test_gateway_moves_and_goes_by_its_prefix(edge: Network, project: Project) -> None:
    prefixes.update(first(edge), gateway=ip("192.0.2.6"))
    assert use(edge) == (0, 3, 5)
    assert take(edge, project)[0] == "192.0.2.1"
    prefixes.update(first(edge), gateway=None)
    assert use(edge) == (1, 2, 5)
    assert list(doctor.examine()) == []


def test_a_held_address_becomes_the_gateway_and_is_nobodys_once_released(edge: Network, project: Project) -> None:
    (held,) = addresses.allocate(edge, project=project, addresses=[ip("192.0.2.3")])
    prefixes.update(first(edge), gateway=held.address)
    assert use(edge) == (1, 2, 5)
    addresses.release(held)
    assert use(edge) == (0, 3, 5)


def test_a_held_gateway_stays_with_its_holder_when_it_is_none_any_more(edge: Network, project: Project) -> None:
    (held,) = addresses.allocate(edge, project=project, addresses=[ip("192.0.2.1")])
    prefixes.update(first(edge), gateway=None)
    assert use(edge) == (1, 2, 5)
    addresses.release(held)
    assert use(edge) == (0, 2, 6)


@pytest.mark.parametrize(
    ("gateway", "code"),
    [
        ("192.0.2.9", "not_in_prefix"),
        ("2001:db8:2::1", "not_in_prefix"),
        ("192.0.2.0", "reserved_address"),
        ("192.0.2.7", "reserved_address"),
    ],
)
def test_what_is_no_gateway_is_refused_and_changes_nothing(edge: Network, gateway: str, code: str) -> None:
    with pytest.raises(errors.IpamError) as refusal:
        prefixes.update(first(edge), gateway=ip(gateway))
    assert (refusal.value.code, refusal.value.field) == (code, "gateway")
    new = external(id="other", vrf=10, prefixes=[V4], prefix_fields={V4: {"gateway": ip(gateway)}})
    with pytest.raises(errors.IpamError, match=gateway):
        networks.create(new)
    assert first(edge).gateway == ip("192.0.2.1")


def test_super_networks_have_no_gateway(tenants: Network) -> None:
    with pytest.raises(errors.NetworkNotUsable, match="gives prefixes, no addresses"):
        prefixes.update(first(tenants), gateway=ip("10.0.0.1"))


def test_gateway_of_a_child_is_of_its_project(private: Network, project: Project) -> None:
    prefixes.update(first(private), gateway=ip("10.0.0.1"))
    assert take(private, project) == ["10.0.0.2", "2001:db8:0:10::1"]
    networks.create(child(parent=private.parent, project=project))
    addresses.release_many(private.addresses.all())
    networks.delete(private)
    assert list(doctor.examine()) == []


def test_history_says_from_which_gateway_to_which(edge: Network) -> None:
    prefixes.update(first(edge), gateway=None)
    told = Event.objects.order_by("pk").last()
    assert (told.kind, told.verb, told.changes) == ("network", "update", {"gateways": [{str(V4): "192.0.2.1"}, {}]})


def test_gateway_is_left_out_of_free_space_that_is_rebuilt(edge: Network) -> None:
    before = free_blocks(edge)
    rebuilding.rebuild_prefix(first(edge).pk)
    assert free_blocks(edge) == before


def test_a_new_prefix_comes_with_its_gateway(edge: Network, project: Project) -> None:
    (cidr,) = cidrs("198.51.100.0/30")
    networks.add_prefix(edge, cidr, gateway=ip("198.51.100.1"))
    assert [str(one.address) for one in addresses.allocate(edge, project=project, families=[Family.IPV4], count=6)][
        -1
    ] == "198.51.100.2"


def test_gateways_are_handed_out_with_addresses(
    edge: Network, private: Network, project: Project, partition: Partition
) -> None:
    joined = [Attachment(network=private), Attachment(network=edge)]
    machine = machines.allocate(project=project, partition=partition, networks=joined)
    held = IPAddress.objects.filter(machine=machine, network=edge).select_related("prefix")
    told = [line for line in netplan.netplan([{"addresses": held}]).splitlines() if line.startswith("#")]
    gateways = {"192.0.2.0/29": "192.0.2.1", "2001:db8:2::/125": "2001:db8:2::1"}
    assert told == [f"# The gateway of {prefix} is {gateway}." for prefix, gateway in gateways.items()]
    inventory = "".join(ansible_inventory.lines(Machine.objects.all()))
    assert yaml.safe_load(inventory.replace("!unsafe", ""))["all"]["hosts"][machine.pk]["twofold_gateways"] == {
        "192.0.2.2": "192.0.2.1",
        "2001:db8:2::2": "2001:db8:2::1",
    }
    zone = list(dns_zones.lines(IPAddress.objects.all()))
    told = [line for line in zone if "gateway" in line]
    assert told == [f"; the gateway of {prefix} is {gateway}\n" for prefix, gateway in gateways.items()]


def test_gateways_come_and_go_with_tables(edge: Network) -> None:
    table = [{"network": "edge", "prefix": str(V4), "gateway": "192.0.2.6"}, {"network": "edge", "prefix": str(V6)}]
    table.append({"network": "edge", "prefix": "198.51.100.0/29", "gateway": "198.51.100.1"})
    importing.apply(Table(PREFIXES, io.BytesIO(json.dumps(table).encode()), "json"))
    assert {str(one): str(one.gateway) for one in edge.prefixes.all()} == {
        "192.0.2.0/29": "192.0.2.6",
        "2001:db8:2::/125": "2001:db8:2::1",
        "198.51.100.0/29": "198.51.100.1",
    }
    assert list(doctor.examine()) == []
