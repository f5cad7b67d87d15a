"""Rules 21 to 28: taking addresses, one of each family or none, and giving them back."""

import uuid

import pytest

from ipam import errors
from ipam.addressing import Family
from ipam.domain.networks import addresses, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Event, IPAddress, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, codes, external, free_blocks, ip, namespaced
from tests.shared import shared_fixture


@shared_fixture
def narrow() -> Network:
    """An external network with 2 usable IPv4 and 3 usable IPv6 addresses."""
    return networks.create(
        external(id="narrow", vrf=9, prefixes=cidrs("192.0.2.0/30", "2001:db8:2::/126"), destination_prefixes=())
    )


def texts(found: list[IPAddress]) -> list[str]:
    return [str(address) for address in found]


def take(network: Network, project: Project, *wanted: str) -> list[IPAddress]:
    return addresses.allocate(network, project=project, addresses=[ip(text) for text in wanted])


# --- 21: who takes from where ---------------------------------------------------------------------
def test_project_takes_from_its_own_network(private: Network, project: Project) -> None:
    assert texts(addresses.allocate(private, project=project)) == ["10.0.0.1", "2001:db8:0:10::1"]


def test_project_takes_nothing_from_another_projects_network(private: Network, stranger: Project) -> None:
    with pytest.raises(errors.WrongProject, match="belongs to another project"):
        addresses.allocate(private, project=stranger)


def test_every_project_takes_from_a_shared_child(tenants: Network, project: Project, stranger: Project) -> None:
    shared = networks.create(child(type="child-shared", parent=tenants, project=project))
    assert texts(addresses.allocate(shared, project=stranger)) == ["10.0.0.1", "2001:db8:0:10::1"]


def test_every_project_takes_from_an_external_network_of_nobody(
    internet: Network, project: Project, stranger: Project
) -> None:
    taken = [addresses.allocate(internet, project=owner)[0].project for owner in (project, stranger)]
    assert taken == [project, stranger]


def test_external_network_of_a_project_serves_that_project_only(project: Project, stranger: Project) -> None:
    own = networks.create(external(project=project))
    addresses.allocate(own, project=project)
    with pytest.raises(errors.WrongProject):
        addresses.allocate(own, project=stranger)


def test_underlay_gives_ipv4_addresses(underlay: Network, project: Project) -> None:
    assert texts(addresses.allocate(underlay, project=project)) == ["10.1.0.1"]


def test_network_that_has_just_been_deleted_gives_nothing(internet: Network, project: Project) -> None:
    networks.delete(Network.objects.get(pk="internet"))
    with pytest.raises(errors.NotFound, match="no network “internet”"):
        addresses.allocate(internet, project=project)


def test_super_gives_no_addresses(tenants: Network, project: Project) -> None:
    with pytest.raises(errors.NetworkNotUsable, match="tenants is a super network"):
        addresses.allocate(tenants, project=project)


def test_usable_networks_are_the_projects_own_shared_and_external_ones(
    tenants: Network, internet: Network, underlay: Network, private: Network, project: Project, stranger: Project
) -> None:
    shared = networks.create(child(type="child-shared", parent=tenants, project=stranger))
    networks.create(child(parent=tenants, project=stranger))
    assert set(Network.objects.usable_by(project)) == {internet, private, shared}


# --- 22: families ---------------------------------------------------------------------------------
def test_each_allocation_has_an_id_of_its_own(internet: Network, project: Project) -> None:
    first, second = [addresses.allocate(internet, project=project)[0] for _ in range(2)]
    assert first.allocation != second.allocation


def test_network_with_one_family_gives_one_address(underlay: Network, project: Project) -> None:
    assert [address.family for address in addresses.allocate(underlay, project=project)] == [4]


@pytest.mark.parametrize(
    ("families", "taken"),
    [
        ([IPV4], ["203.0.113.129"]),
        ([IPV6], ["2001:db8:0:113::1"]),
        ([IPV4, IPV6], ["203.0.113.129", "2001:db8:0:113::1"]),
        ([IPV6, IPV4], ["203.0.113.129", "2001:db8:0:113::1"]),
    ],
)
def test_family_that_is_named_is_the_only_one_taken(
    families: list[Family], taken: list[str], internet: Network, project: Project
) -> None:
    assert texts(addresses.allocate(internet, project=project, families=families)) == taken


@pytest.mark.parametrize("families", [[IPV6], [IPV4, IPV6]])
def test_family_that_the_network_lacks_is_refused(families: list[Family], underlay: Network, project: Project) -> None:
    with pytest.raises(errors.FamilyNotInNetwork, match="underlay has no IPv6 prefix") as refusal:
        addresses.allocate(underlay, project=project, families=families)
    assert refusal.value.field == "address_family"
    assert not IPAddress.objects.exists()


def test_pair_takes_nothing_when_ipv4_is_full(narrow: Network, project: Project) -> None:
    for _ in range(2):
        addresses.allocate(narrow, project=project)
    before = free_blocks(narrow)
    with pytest.raises(errors.Exhausted, match="IPv4 of narrow has no free address"):
        addresses.allocate(narrow, project=project)
    assert (free_blocks(narrow), IPAddress.objects.count()) == (before, 4) == (["2001:db8:2::3/128"], 4)


def test_pair_takes_nothing_when_ipv6_is_full(narrow: Network, project: Project) -> None:
    for _ in range(3):
        addresses.allocate(narrow, project=project, families=[IPV6])
    with pytest.raises(errors.Exhausted, match="IPv6 of narrow has no free address"):
        addresses.allocate(narrow, project=project)
    assert free_blocks(narrow) == ["192.0.2.1/32", "192.0.2.2/32"]


def test_other_family_is_given_while_one_is_full(narrow: Network, project: Project) -> None:
    for _ in range(2):
        addresses.allocate(narrow, project=project)
    assert texts(addresses.allocate(narrow, project=project, families=[IPV6])) == ["2001:db8:2::3"]


def test_count_repeats_the_allocation(internet: Network, project: Project) -> None:
    found = addresses.allocate(internet, project=project, count=3)
    assert texts(found) == [
        "203.0.113.129",
        "2001:db8:0:113::1",
        "203.0.113.130",
        "2001:db8:0:113::2",
        "203.0.113.131",
        "2001:db8:0:113::3",
    ]
    assert [found[0].allocation, found[2].allocation] == [found[1].allocation, found[3].allocation]
    assert len({address.allocation for address in found}) == 3


def test_what_one_request_takes_is_of_one_moment(internet: Network, project: Project) -> None:
    taken = addresses.allocate(internet, project=project, count=3)
    assert len({moment for one in taken for moment in (one.created_at, one.updated_at)}) == 1


def test_count_takes_all_or_nothing(narrow: Network, project: Project) -> None:
    with pytest.raises(errors.Exhausted, match="IPv4 of narrow has fewer than 3 free addresses"):
        addresses.allocate(narrow, project=project, count=3)
    assert not IPAddress.objects.exists()


def test_count_takes_the_very_last_address(narrow: Network, project: Project) -> None:
    assert len(addresses.allocate(narrow, project=project, count=3, families=[IPV6])) == 3


def test_thousand_pairs_are_taken_at_once(project: Project) -> None:
    wide = networks.create(external(prefixes=cidrs("192.0.0.0/16", "2001:db8::/64")))
    assert len(set(texts(addresses.allocate(wide, project=project, count=1000)))) == 2000


@pytest.mark.parametrize("count", [0, -1, 1001])
def test_count_is_1_to_1000(count: int, internet: Network, project: Project) -> None:
    with pytest.raises(errors.Invalid, match="1 to 1000"):
        addresses.allocate(internet, project=project, count=count)


# --- 23: which address ----------------------------------------------------------------------------
def test_lowest_free_address_is_taken(internet: Network, project: Project) -> None:
    first, second, _ = [addresses.allocate(internet, project=project, families=[IPV4])[0] for _ in range(3)]
    for address in (second, first):
        addresses.release(address)
    assert texts(addresses.allocate(internet, project=project, families=[IPV4])) == ["203.0.113.129"]


def test_prefixes_are_used_in_the_order_of_their_addition(narrow: Network, project: Project) -> None:
    networks.add_prefix(narrow, *cidrs("10.7.0.0/30"))
    found = [texts(addresses.allocate(narrow, project=project, families=[IPV4]))[0] for _ in range(4)]
    assert found == ["192.0.2.1", "192.0.2.2", "10.7.0.1", "10.7.0.2"]


def test_one_request_is_served_from_several_prefixes(narrow: Network, project: Project) -> None:
    networks.add_prefix(narrow, *cidrs("10.7.0.0/30"))
    assert texts(addresses.allocate(narrow, project=project, families=[IPV4], count=3)) == [
        "192.0.2.1",
        "192.0.2.2",
        "10.7.0.1",
    ]


# --- 24 and 25: named addresses -------------------------------------------------------------------
def test_named_address_is_taken(internet: Network, project: Project) -> None:
    assert texts(take(internet, project, "203.0.113.142")) == ["203.0.113.142"]


def test_named_pair_is_one_allocation(internet: Network, project: Project) -> None:
    ipv4, ipv6 = take(internet, project, "2001:db8:0:113::142", "203.0.113.142")
    assert texts([ipv4, ipv6]) == ["203.0.113.142", "2001:db8:0:113::142"]
    assert ipv4.allocation == ipv6.allocation


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("203.0.113.140", ["203.0.113.140", "2001:db8:0:113::1"]),
        ("2001:db8:0:113::7", ["203.0.113.129", "2001:db8:0:113::7"]),
    ],
)
def test_named_half_of_a_pair_gets_the_lowest_of_the_other_family(
    internet: Network, project: Project, wanted: str, taken: list[str]
) -> None:
    rows = addresses.allocate(internet, project=project, addresses=[ip(wanted)], as_pair=True)
    assert [str(row) for row in rows] == taken
    assert len({row.allocation for row in rows}) == 1


def test_named_half_of_a_pair_takes_nothing_when_the_other_family_is_full(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("203.0.113.0/24", "2001:db8::/127")))
    addresses.allocate(network, project=project, families=[IPV6], count=2)
    with pytest.raises(errors.Exhausted, match="IPv6 of internet has no free address"):
        addresses.allocate(network, project=project, addresses=[ip("203.0.113.5")], as_pair=True)
    assert IPAddress.objects.filter(family=IPV4).count() == 0


def test_pair_in_a_network_of_one_family_is_the_named_address(underlay: Network, project: Project) -> None:
    (row,) = addresses.allocate(underlay, project=project, addresses=[ip("10.1.0.9")], as_pair=True)
    assert str(row) == "10.1.0.9"


def test_named_address_is_skipped_by_the_next_requests(internet: Network, project: Project) -> None:
    take(internet, project, "203.0.113.130")
    found = [texts(addresses.allocate(internet, project=project, families=[IPV4]))[0] for _ in range(2)]
    assert found == ["203.0.113.129", "203.0.113.131"]


def test_named_address_outside_of_the_network_is_refused_with_its_prefixes(internet: Network, project: Project) -> None:
    with pytest.raises(errors.NotInPrefix, match=r"Choose one in 203\.0\.113\.128/25, 2001:db8:0:113::/64"):
        take(internet, project, "203.0.113.1")


@pytest.mark.parametrize("reserved", ["203.0.113.128", "203.0.113.255", "2001:db8:0:113::"])
def test_reserved_address_is_refused(reserved: str, internet: Network, project: Project) -> None:
    with pytest.raises(errors.ReservedAddress):
        take(internet, project, reserved)


def test_last_ipv6_address_is_not_reserved(internet: Network, project: Project) -> None:
    last = "2001:db8:0:113:ffff:ffff:ffff:ffff"
    assert texts(take(internet, project, last)) == [last]


@pytest.mark.parametrize(
    ("prefix", "usable"),
    [
        ("192.0.2.4/31", ["192.0.2.4", "192.0.2.5"]),
        ("192.0.2.4/32", ["192.0.2.4"]),
        ("192.0.2.4/30", ["192.0.2.5", "192.0.2.6"]),
        ("2001:db8::4/127", ["2001:db8::4", "2001:db8::5"]),
        ("2001:db8::4/128", ["2001:db8::4"]),
        ("2001:db8::4/126", ["2001:db8::5", "2001:db8::6", "2001:db8::7"]),
    ],
)
def test_every_usable_address_of_a_small_prefix_is_given(prefix: str, usable: list[str], project: Project) -> None:
    network = networks.create(external(prefixes=cidrs(prefix), destination_prefixes=()))
    found = texts(addresses.allocate(network, project=project, count=len(usable)))
    assert found == usable
    with pytest.raises(errors.Exhausted):
        addresses.allocate(network, project=project)


def test_address_that_is_taken_is_refused_naming_its_holder(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.142")], name="gateway")
    with pytest.raises(errors.AlreadyAllocated, match=rf"held by project {project} \(“gateway”\)"):
        take(internet, project, "203.0.113.142")


def test_address_of_a_machine_is_refused_naming_the_machine(
    private: Network, partition: Partition, project: Project
) -> None:
    machine = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    with pytest.raises(errors.AlreadyAllocated, match=f"held by machine {machine.pk}"):
        take(private, project, "10.0.0.1")


def test_named_pair_takes_nothing_when_one_is_taken(internet: Network, project: Project) -> None:
    take(internet, project, "2001:db8:0:113::142")
    with pytest.raises(errors.AlreadyAllocated):
        take(internet, project, "203.0.113.142", "2001:db8:0:113::142")
    assert IPAddress.objects.count() == 1


def test_two_named_addresses_of_one_family_are_refused(internet: Network, project: Project) -> None:
    with pytest.raises(errors.Invalid, match="at most one address of each family"):
        take(internet, project, "203.0.113.142", "203.0.113.143")


def test_address_and_family_are_not_named_both(internet: Network, project: Project) -> None:
    with pytest.raises(errors.IpAndAddressFamily):
        addresses.allocate(internet, project=project, families=[IPV4], addresses=[ip("203.0.113.142")])


def test_named_address_takes_no_count(internet: Network, project: Project) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        addresses.allocate(internet, project=project, count=2, addresses=[ip("203.0.113.142")])
    assert refusal.value.field == "count"


# --- 26: once per namespace -----------------------------------------------------------------------
def test_address_is_taken_once_per_namespace(project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    own, twin = [networks.create(child(parent=clusters, project=owner)) for owner in (project, stranger)]
    take(own, project, "100.64.0.7")
    take(twin, stranger, "100.64.0.7")
    with pytest.raises(errors.AlreadyAllocated, match=f"held by project {stranger}"):
        take(twin, stranger, "100.64.0.7")


def test_address_that_was_released_and_taken_again_has_another_id(internet: Network, project: Project) -> None:
    (first,) = take(internet, project, "203.0.113.142")
    addresses.release(first)
    (second,) = take(internet, project, "203.0.113.142")
    assert (first.pk != second.pk, first.allocation != second.allocation) == (True, True)


# --- 27: type -------------------------------------------------------------------------------------
def test_address_is_ephemeral_unless_it_is_asked_static(internet: Network, project: Project) -> None:
    assert addresses.allocate(internet, project=project)[0].type == "ephemeral"
    assert addresses.allocate(internet, project=project, type="static")[0].type == "static"


def test_ephemeral_address_becomes_static(internet: Network, project: Project) -> None:
    address = addresses.update(addresses.allocate(internet, project=project)[0], type="static")
    assert (address.type, address.generation) == ("static", 2)
    assert Event.objects.latest("id").verb == "make-static"


def test_static_address_stays_static(internet: Network, project: Project) -> None:
    address = addresses.allocate(internet, project=project, type="static")[0]
    with pytest.raises(errors.StaticToEphemeral):
        addresses.update(address, type="ephemeral", name="new")
    address.refresh_from_db()
    assert (address.type, address.name) == ("static", "")


# --- 28: release ----------------------------------------------------------------------------------
def test_released_address_merges_with_the_free_space(underlay: Network, project: Project) -> None:
    fresh = free_blocks(underlay)
    found = addresses.allocate(underlay, project=project, count=20)
    for address in [*found[::2], *found[1::2]]:
        addresses.release(address)
    assert free_blocks(underlay) == fresh


def test_other_family_stays_when_one_address_is_released(internet: Network, project: Project) -> None:
    ipv4, ipv6 = addresses.allocate(internet, project=project)
    addresses.release(ipv4)
    assert list(IPAddress.objects.all()) == [ipv6]


def test_allocation_is_released_as_a_whole(internet: Network, project: Project) -> None:
    fresh = free_blocks(internet)
    addresses.release_allocation(addresses.allocate(internet, project=project)[0].allocation)
    assert (free_blocks(internet), IPAddress.objects.count()) == (fresh, 0)


def test_many_addresses_are_released_at_once(internet: Network, project: Project) -> None:
    fresh = free_blocks(internet)
    addresses.release_many(addresses.allocate(internet, project=project, count=50))
    assert free_blocks(internet) == fresh


def test_address_in_a_namespace_goes_back_to_its_own_prefix(project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    own, twin = [networks.create(child(parent=clusters, project=owner)) for owner in (project, stranger)]
    fresh = free_blocks(own)
    (address,) = take(own, project, "100.64.0.7")
    take(twin, stranger, "100.64.0.7")
    addresses.release(address)
    assert (free_blocks(own), twin.addresses.count()) == (fresh, 1)


def test_address_of_a_machine_is_not_released_by_itself(
    private: Network, partition: Partition, project: Project
) -> None:
    joined = [Attachment(network=private)]
    machines.allocate(project=project, partition=partition, networks=joined, name="web-1")
    address = IPAddress.objects.all()[0]
    for attempt in (
        lambda: addresses.release(address),
        lambda: addresses.release_allocation(address.allocation),
        lambda: addresses.release_many([address]),
    ):
        with pytest.raises(errors.IpamError, match="belongs to machine web-1") as refusal:
            attempt()
        assert set(codes(refusal.value)) == {"in_use"}


def test_address_is_released_once(internet: Network, project: Project) -> None:
    (address,) = take(internet, project, "203.0.113.142")
    addresses.release(address)
    with pytest.raises(errors.NotFound):
        addresses.release(address)


def test_unknown_allocation_is_not_released(db: None) -> None:
    with pytest.raises(errors.NotFound, match="may have been released already"):
        addresses.release_allocation(uuid.uuid4())


def test_address_is_given_to_a_machine_in_its_network(private: Network, partition: Partition, project: Project) -> None:
    machine = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    service = addresses.allocate(private, project=project, machine=machine)
    assert {address.machine for address in service} == {machine}


def test_address_is_given_to_no_machine_outside_its_network(
    private: Network, internet: Network, partition: Partition, project: Project
) -> None:
    machine = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    with pytest.raises(errors.NetworkNotUsable, match="not in network internet"):
        addresses.allocate(internet, project=project, machine=machine)
