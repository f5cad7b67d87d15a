"""Rule 37a: two addresses of one host become one allocation, and part again."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, allocations, claims, machines, networks
from ipam.models import IPAddress, Machine, Network, Project
from tests.builders import IPV4, IPV6, cidrs, codes, external
from tests.shared import shared_fixture


@shared_fixture
def web(internet: Network, project: Project) -> list[IPAddress]:
    """An IPv4 and an IPv6 address that were taken one by one for the host “web”."""
    return [addresses.allocate(internet, project=project, families=[one], name="web")[0] for one in (IPV4, IPV6)]


def keys(*held: IPAddress) -> list[object]:
    return [one.pk for one in held]


def test_halves_of_one_name_become_a_pair_under_the_id_of_the_ipv4_one(web: list[IPAddress]) -> None:
    joined = allocations.join(keys(*reversed(web)))
    assert [str(one) for one in joined] == ["203.0.113.129", "2001:db8:0:113::1"]
    assert set(IPAddress.objects.values_list("allocation", flat=True)) == {web[0].allocation}
    assert [finding.sentence for finding in doctor.examine()] == []


def test_halves_of_one_machine_become_a_pair_whatever_they_are_called(machine: Machine, private: Network) -> None:
    ipv4, ipv6 = machine.addresses.filter(network=private).order_by("family")
    allocations.part(ipv4.allocation)
    IPAddress.objects.filter(pk=ipv6.pk).update(name="other")
    assert len({one.allocation for one in allocations.join(keys(ipv4, ipv6))}) == 1


def test_pair_is_parted_and_the_ipv4_address_keeps_the_id(internet: Network, project: Project) -> None:
    pair = addresses.allocate(internet, project=project, name="web")
    ipv4, ipv6 = allocations.part(pair[0].allocation)
    assert (ipv4.allocation == pair[0].allocation, ipv6.allocation == pair[0].allocation) == (True, False)
    assert (ipv4.generation, ipv6.generation) == (1, 2)
    assert [finding.sentence for finding in doctor.examine()] == []


REFUSED: dict[str, tuple[Callable[[Network, Project, Project], object], list[str]]] = {
    "another type": (lambda n, p, s: taken(n, p, type="static"), ["invalid"]),
    "another name": (lambda n, p, s: taken(n, p, name="db"), ["invalid"]),
    "no name": (lambda n, p, s: taken(n, p, name=""), ["invalid"]),
    "another project": (lambda n, p, s: taken(n, s), ["wrong_project"]),
    "another family": (lambda n, p, s: taken(n, p, families=[IPV4]), ["invalid"]),
    "another network": (lambda n, p, s: taken(other_network(), p), ["invalid"]),
    "half of a pair": (lambda n, p, s: taken(n, p, families=()), ["in_use"]),
    "two things": (lambda n, p, s: taken(n, s, type="static"), ["wrong_project", "invalid"]),
}


def taken(network: Network, project: Project, **changes: object) -> IPAddress:
    return addresses.allocate(network, project=project, **{"families": [IPV6], "name": "web", **changes})[-1]  # type: ignore[arg-type]


def other_network() -> Network:
    return networks.create(external(id="other", vrf=9, prefixes=cidrs("2001:db8:9::/64"), destination_prefixes=[]))


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_of_two_hosts_is_not_joined(
    case: str, web: list[IPAddress], internet: Network, project: Project, stranger: Project
) -> None:
    make, expected = REFUSED[case]
    other = make(internet, project, stranger)
    before = list(IPAddress.objects.values())
    with pytest.raises(errors.IpamError) as refused:
        allocations.join(keys(web[0], other))
    assert codes(refused.value) == expected
    assert list(IPAddress.objects.values()) == before


def test_address_of_a_machine_is_not_joined_with_one_of_nobody(machine: Machine, private: Network) -> None:
    ipv4, ipv6 = allocations.part(machine.addresses.filter(network=private)[0].allocation)
    IPAddress.objects.filter(pk=ipv6.pk).update(machine=None)
    with pytest.raises(errors.Invalid, match=rf"are of two hosts: machine {machine} and no machine\."):
        allocations.join(keys(ipv4, ipv6))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_two_addresses_are_joined(count: int, web: list[IPAddress]) -> None:
    with pytest.raises(errors.Invalid):
        allocations.join([web[0].pk, web[1].pk, uuid4()][:count])


def test_joining_with_nothing_is_not_found(web: list[IPAddress]) -> None:
    with pytest.raises(errors.NotFound):
        allocations.join([web[0].pk, uuid4()])


def test_pair_is_joined_once(internet: Network, project: Project) -> None:
    pair = addresses.allocate(internet, project=project)
    with pytest.raises(errors.InUse, match="are one allocation already"):
        allocations.join(keys(*pair))


def test_only_address_of_an_allocation_is_not_parted(web: list[IPAddress]) -> None:
    with pytest.raises(errors.Invalid, match=r"203\.0\.113\.129 is the only address of its allocation"):
        allocations.part(web[0].allocation)


def test_allocation_that_is_gone_is_not_parted(db: None) -> None:
    with pytest.raises(errors.NotFound):
        allocations.part(uuid4())


def test_what_a_controller_claims_stays_as_it_is(internet: Network, project: Project) -> None:
    claim = claims.claim(internet, project=project, name="vip")
    ipv4, ipv6 = IPAddress.objects.order_by("family")
    with pytest.raises(errors.InUse, match="A controller claims"):
        allocations.part(claim.allocation)
    IPAddress.objects.filter(pk=ipv6.pk).update(allocation=uuid4())
    with pytest.raises(errors.InUse, match="A controller claims"):
        allocations.join(keys(ipv4, ipv6))


def test_host_is_offered_its_other_half(web: list[IPAddress], internet: Network, project: Project) -> None:
    for changes in ({"name": "db"}, {"type": "static"}, {"families": ()}):
        addresses.allocate(internet, project=project, **{"families": [IPV6], "name": "web", **changes})  # type: ignore[arg-type]
    assert allocations.joinable(web[0]) == [web[1]]


def test_machine_is_offered_its_other_half(machine: Machine, private: Network) -> None:
    ipv4, ipv6 = allocations.part(machine.addresses.filter(network=private)[0].allocation)
    assert (allocations.joinable(ipv4), allocations.joinable(ipv6)) == ([ipv6], [ipv4])


def test_address_that_says_nothing_of_its_host_is_offered_nothing(internet: Network, project: Project) -> None:
    one, _ = (addresses.allocate(internet, project=project, families=[family])[0] for family in (IPV4, IPV6))
    assert allocations.joinable(one) == []


def test_machine_whose_halves_were_joined_is_released_like_any_other(web: list[IPAddress], machine: Machine) -> None:
    held = machine.addresses.filter(network="internet")[0]
    allocations.join(keys(*allocations.part(held.allocation)))
    machines.release(machine)
    assert set(IPAddress.objects.values_list("name", flat=True)) == {"web"}
