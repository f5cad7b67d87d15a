"""Rules 36 and 37: from one family to two, in place and while in use."""

import pytest

from ipam import errors
from ipam.domain.core.operations import dry_run
from ipam.domain.networks import addresses, children, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, free_blocks, prefixes_of, set_older_labels, super_network
from tests.shared import shared_fixture


@shared_fixture
def legacy() -> Network:
    """An external network that has only IPv4: 192.0.0.0/16."""
    return networks.create(external(id="legacy", prefixes=cidrs("192.0.0.0/16"), destination_prefixes=()))


@shared_fixture
def ipv4_super() -> Network:
    return networks.create(
        super_network(
            prefixes=cidrs("10.0.0.0/16"),
            default_child_prefix_length={IPV4: 22},
            destination_prefixes=cidrs("10.240.0.0/12"),
        )
    )


@shared_fixture
def ipv4_child(ipv4_super: Network, project: Project) -> Network:
    return networks.create(child(parent=ipv4_super, project=project))


def widen(network: Network) -> None:
    networks.add_prefix(network, *cidrs("2001:db8:0:10::/64"), default_child_prefix_length=96)


# --- 36: the network ------------------------------------------------------------------------------
def test_network_gains_its_second_family_by_an_added_prefix(legacy: Network, project: Project) -> None:
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/64"))
    assert len(addresses.allocate(legacy, project=project)) == 2


def test_single_stack_network_is_made_dual_first(db: None) -> None:
    network = networks.create(
        external(stack="ipv4", prefixes=cidrs("192.0.0.0/16"), destination_prefixes=cidrs("0.0.0.0/0"))
    )
    changed = networks.update(network, stack="dual", prefixes=cidrs("192.0.0.0/16", "2001:db8:5::/64"))
    assert prefixes_of(changed) == ["192.0.0.0/16", "2001:db8:5::/64"]


def test_child_gains_its_second_family_from_its_parent(ipv4_super: Network, ipv4_child: Network) -> None:
    widen(ipv4_super)
    assert prefixes_of(children.add_family(ipv4_child, IPV6)) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_child_gains_ipv4_as_it_gains_ipv6(tenants: Network, project: Project) -> None:
    network = networks.create(child(parent=tenants, project=project, address_family=[IPV6]))
    assert prefixes_of(children.add_family(network, IPV4)) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_child_may_ask_for_the_length_of_its_second_family(ipv4_super: Network, ipv4_child: Network) -> None:
    widen(ipv4_super)
    assert prefixes_of(children.add_family(ipv4_child, IPV6, length=80))[1] == "2001:db8:0:10::/80"


def test_second_family_keeps_to_the_minimum_of_the_parent(ipv4_super: Network, ipv4_child: Network) -> None:
    widen(ipv4_super)
    networks.update(ipv4_super, min_child_prefix_length={IPV6: 90})
    with pytest.raises(errors.MinChildPrefixLength):
        children.add_family(ipv4_child, IPV6, length=80)


def test_second_family_brings_the_destinations_of_the_parent(ipv4_super: Network, ipv4_child: Network) -> None:
    widen(ipv4_super)
    networks.update(ipv4_super, destination_prefixes=cidrs("10.240.0.0/12", "2001:db8:ff::/48"))
    assert children.add_family(ipv4_child, IPV6).destination_prefixes == ["10.240.0.0/12", "2001:db8:ff::/48"]


def test_second_family_is_in_the_networks_own_vrf(ipv4_super: Network, ipv4_child: Network) -> None:
    widen(ipv4_super)
    assert children.add_family(ipv4_child, IPV6).vrf == ipv4_child.vrf


def test_parent_without_the_family_gives_none(ipv4_child: Network) -> None:
    with pytest.raises(errors.FamilyNotInNetwork, match="Add IPv6 to it"):
        children.add_family(ipv4_child, IPV6)


def test_family_is_gained_once(private: Network) -> None:
    with pytest.raises(errors.AlreadyExists, match="already has IPv6"):
        children.add_family(private, IPV6)


def test_single_stack_child_gains_no_second_family(tenants: Network, project: Project) -> None:
    network = networks.create(child(parent=tenants, project=project, stack="ipv4"))
    with pytest.raises(errors.FamilyNotAllowed, match="Set its stack to dual first"):
        children.add_family(network, IPV6)


def test_child_that_was_made_dual_gains_its_second_family(tenants: Network, project: Project) -> None:
    network = networks.create(child(parent=tenants, project=project, stack="ipv4"))
    networks.update(network, stack="dual")
    assert len(prefixes_of(children.add_family(network, IPV6))) == 2


def test_single_stack_child_becomes_dual_by_its_second_family_where_that_is_asked_for(
    tenants: Network, project: Project
) -> None:
    network = networks.create(child(parent=tenants, project=project, stack="ipv4"))
    changed = children.add_family(network, IPV6, widen=True)
    changed.refresh_from_db()
    assert (changed.stack, len(prefixes_of(changed))) == ("dual", 2)


def test_network_that_was_not_carved_gains_a_family_by_a_prefix_only(legacy: Network) -> None:
    with pytest.raises(errors.NetworkNotUsable, match="Add a prefix of IPv6"):
        children.add_family(legacy, IPV6)


def test_full_parent_gives_no_second_family(project: Project) -> None:
    parent = networks.create(
        super_network(prefixes=cidrs("10.0.0.0/16", "2001:db8::/95"), default_child_prefix_length={IPV4: 22, IPV6: 96})
    )
    for _ in range(2):
        networks.create(child(parent=parent, project=project, address_family=[IPV6]))
    network = networks.create(child(parent=parent, project=project, address_family=[IPV4]))
    with pytest.raises(errors.Exhausted, match="IPv6 of tenants"):
        children.add_family(network, IPV6)


# --- 37: the allocations --------------------------------------------------------------------------
def test_allocation_gets_its_counterpart_under_the_same_id_and_words(legacy: Network, project: Project) -> None:
    (known,) = addresses.allocate(
        legacy, project=project, type="static", name="web", description="site", labels={"a": "b"}
    )
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/64"))
    (added,) = completion.complete(legacy, IPV6).completed
    assert (str(added), added.allocation, added.type, added.name, added.description, added.labels) == (
        "2001:db8:5::1",
        known.allocation,
        "static",
        "web",
        "site",
        {"a": "b"},
    )


@pytest.mark.parametrize("is_strict", [False, True])
def test_what_cools_is_given_to_completed_allocations_where_nothing_else_is_left(
    is_strict: bool, project: Project
) -> None:
    small = networks.create(
        external(id="small", prefixes=cidrs("192.0.2.0/28", "2001:db8::/126"), destination_prefixes=())
    )
    networks.update(small, quarantine={IPV6: 1}, quarantine_strict=is_strict)
    addresses.release_many(addresses.allocate(small, project=project, families=[IPV6], count=3))
    addresses.allocate(small, project=project, families=[IPV4], count=4)
    progress = completion.complete(small, IPV6)
    given = 0 if is_strict else 3
    assert (len(progress.completed), len(progress.refused)) == (given, 4 - given)


def test_machine_gets_the_counterparts_of_its_addresses(
    ipv4_super: Network, ipv4_child: Network, partition: Partition, project: Project
) -> None:
    machine = machines.allocate(project=project, partition=partition, networks=[Attachment(network=ipv4_child)])
    widen(ipv4_super)
    children.add_family(ipv4_child, IPV6)
    completion.complete(ipv4_child, IPV6)
    assert [str(address) for address in machine.addresses.order_by("address")] == ["10.0.0.1", "2001:db8:0:10::1"]


def test_ipv4_counterparts_are_given_like_ipv6_ones(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV6])
    assert [str(one) for one in completion.complete(internet, IPV4).completed] == ["203.0.113.129"]


def test_allocation_with_older_labels_is_completed(internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV6])
    set_older_labels(one, {"x" * 255: "kept"})
    assert [made.labels for made in completion.complete(internet, IPV4).completed] == [{"x" * 255: "kept"}]


def test_complete_allocations_are_left_alone(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=3)
    assert completion.complete(internet, IPV6) == completion.Progress([], remaining=0)


def test_lowest_address_is_completed_first(legacy: Network, project: Project) -> None:
    addresses.allocate(legacy, project=project, count=3)
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/64"))
    first = completion.complete(legacy, IPV6, limit=1).completed[0]
    assert [str(one) for one in IPAddress.objects.filter(allocation=first.allocation)] == ["192.0.0.1", "2001:db8:5::1"]


def test_completion_stops_and_resumes(legacy: Network, project: Project) -> None:
    addresses.allocate(legacy, project=project, count=5)
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/64"))
    remaining = [completion.complete(legacy, IPV6, limit=2).remaining]
    addresses.allocate(legacy, project=project)  # meanwhile
    remaining += [completion.complete(legacy, IPV6, limit=2).remaining for _ in range(2)]
    assert remaining == [3, 1, 0]
    assert not IPAddress.objects.lacking(IPV6).exists()


def test_full_family_completes_what_fits_and_names_the_rest(legacy: Network, project: Project) -> None:
    held = addresses.allocate(legacy, project=project, count=5)
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/126"))
    progress = completion.complete(legacy, IPV6)
    assert (len(progress.completed), progress.remaining) == (3, 0)
    assert [one.allocation for one in progress.refused] == [address.allocation for address in held[3:]]
    assert {one.reason.code for one in progress.refused} == {"exhausted"}


def test_completion_goes_on_after_a_prefix_was_added(legacy: Network, project: Project) -> None:
    addresses.allocate(legacy, project=project, count=5)
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/126"))
    completion.complete(legacy, IPV6)
    networks.add_prefix(legacy, *cidrs("2001:db8:6::/64"))
    assert len(completion.complete(legacy, IPV6).completed) == 2
    assert not IPAddress.objects.lacking(IPV6).exists()


def test_network_without_the_family_completes_nothing(legacy: Network) -> None:
    with pytest.raises(errors.FamilyNotInNetwork, match="Add one first"):
        completion.complete(legacy, IPV6)


def test_super_has_nothing_to_complete(tenants: Network) -> None:
    with pytest.raises(errors.NetworkNotUsable):
        completion.complete(tenants, IPV6)


@pytest.mark.parametrize("limit", [0, 1001])
def test_batch_is_1_to_1000_allocations(limit: int, internet: Network) -> None:
    with pytest.raises(errors.Invalid, match="1 to 1000"):
        completion.complete(internet, IPV6, limit=limit)


@pytest.mark.slow
def test_ten_thousand_addresses_are_completed_in_place_after_a_dry_run(legacy: Network, project: Project) -> None:
    for _ in range(10):
        addresses.allocate(legacy, project=project, count=1000)
    networks.add_prefix(legacy, *cidrs("2001:db8:5::/64"))
    fresh = free_blocks(legacy)

    with dry_run():
        previewed = [str(one) for one in completion.complete(legacy, IPV6).completed]
    assert (free_blocks(legacy), IPAddress.objects.count()) == (fresh, 10_000)

    progress = completion.complete(legacy, IPV6)
    assert [str(one) for one in progress.completed] == previewed
    while progress.remaining:
        progress = completion.complete(legacy, IPV6)
    assert IPAddress.objects.filter(family=6).count() == 10_000
    assert IPAddress.objects.values("allocation").distinct().count() == 10_000
