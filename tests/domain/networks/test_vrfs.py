"""Rule 7: which network has which VRF."""

import pytest

from ipam import errors
from ipam.domain.networks import networks, vrfs
from ipam.models import VRF, Network, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, super_network
from tests.shared import shared_fixture


@shared_fixture
def routed(project: Project) -> Network:
    """A super network with a VRF of its own, 500."""
    return networks.create(super_network(id="routed", vrf=500))


def other(vrf: int, *, shared: bool = False, id: str = "other") -> Network:
    number = {"other": 1, "third": 2}[id]
    prefixes = cidrs(f"198.51.{number}.0/24")
    return networks.create(external(id=id, vrf=vrf, vrf_shared=shared, prefixes=prefixes, destination_prefixes=()))


def test_named_vrf_is_made_with_its_network(internet: Network) -> None:
    assert (internet.vrf_id, VRF.objects.count()) == (104009, 1)


def test_vrf_belongs_to_one_network(internet: Network) -> None:
    with pytest.raises(errors.VrfInUse, match="VRF 104009 belongs to network internet"):
        other(104009)


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_vrf_is_shared_only_when_every_network_says_so(first: bool, second: bool, db: None) -> None:
    other(77, shared=first)
    with pytest.raises(errors.VrfInUse):
        other(77, shared=second, id="third")


def test_vrf_is_shared_by_networks_that_all_say_so(db: None) -> None:
    assert other(77, shared=True).vrf == other(77, shared=True, id="third").vrf


def test_vrf_of_a_super_is_no_other_networks(routed: Network) -> None:
    with pytest.raises(errors.VrfInUse, match="belongs to network routed"):
        other(500)


def test_child_inherits_the_vrf_of_its_super(routed: Network, project: Project) -> None:
    assert networks.create(child(parent=routed, project=project)).vrf_id == 500


def test_child_that_inherits_names_no_vrf(routed: Network, project: Project) -> None:
    with pytest.raises(errors.VrfInherited, match="VRF 500"):
        networks.create(child(parent=routed, project=project, vrf=501))


def test_heirs_are_no_users_of_their_own(db: None, project: Project) -> None:
    shared = networks.create(super_network(vrf=77, vrf_shared=True))
    networks.create(child(parent=shared, project=project))
    assert other(77, shared=True).vrf == shared.vrf


def test_children_of_a_super_without_vrf_draw_one_each(tenants: Network, project: Project) -> None:
    drawn = [networks.create(child(parent=tenants, project=project)).vrf_id for _ in range(2)]
    assert drawn == [1, 2]


def test_child_of_a_super_without_vrf_may_name_one(tenants: Network, project: Project) -> None:
    assert networks.create(child(parent=tenants, project=project, vrf=4711)).vrf_id == 4711


def test_named_vrf_is_not_drawn(tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, vrf=1))
    assert networks.create(child(parent=tenants, project=project)).vrf_id == 2


def test_drawn_vrf_belongs_to_its_child(private: Network) -> None:
    with pytest.raises(errors.VrfInUse):
        other(private.vrf_id or 0)


def test_drawn_vrf_returns_to_the_pool_with_its_network(tenants: Network, private: Network, project: Project) -> None:
    networks.delete(private)
    assert not VRF.objects.exists()
    assert networks.create(child(parent=tenants, project=project)).vrf_id == 1


def test_inherited_vrf_stays_when_a_child_goes(routed: Network, project: Project) -> None:
    networks.delete(networks.create(child(parent=routed, project=project)))
    assert VRF.objects.filter(pk=500).exists()


def test_shared_vrf_stays_until_its_last_network_goes(db: None) -> None:
    first, second = other(77, shared=True), other(77, shared=True, id="third")
    networks.delete(first)
    assert VRF.objects.filter(pk=77).exists()
    networks.delete(second)
    assert not VRF.objects.exists()


def test_vrf_made_by_hand_stays_when_its_network_goes(db: None) -> None:
    vrfs.create(id=77, name="storage")
    networks.delete(other(77))
    assert VRF.objects.get().name == "storage"


def test_vrf_made_by_hand_is_not_drawn(tenants: Network, project: Project) -> None:
    vrfs.create(id=1)
    assert networks.create(child(parent=tenants, project=project)).vrf_id == 2


def test_vrf_exists_once(db: None) -> None:
    vrfs.create(id=77)
    with pytest.raises(errors.AlreadyExists):
        vrfs.create(id=77)


@pytest.mark.parametrize("vni", [0, -1, 16_777_216])
def test_vni_is_a_number_of_24_bits(vni: int, db: None) -> None:
    with pytest.raises(errors.Invalid, match="1 to 16777215"):
        other(vni)


@pytest.mark.parametrize("vni", [1, 16_777_215])
def test_lowest_and_highest_vni_are_fine(vni: int, db: None) -> None:
    assert other(vni).vrf_id == vni


def test_vrf_in_use_is_not_deleted(internet: Network) -> None:
    with pytest.raises(errors.InUse, match="used by network internet"):
        vrfs.delete(VRF.objects.get())


def test_deleted_vrf_returns_to_the_pool(tenants: Network, project: Project) -> None:
    vrfs.delete(vrfs.create(id=1))
    assert networks.create(child(parent=tenants, project=project)).vrf_id == 1


def test_child_draws_no_vrf_when_it_gets_no_space(tenants: Network, project: Project) -> None:
    with pytest.raises(errors.IpamError):
        networks.create(child(parent=tenants, project=project, length={IPV4: 16, IPV6: 96}))
    assert not VRF.objects.exists()
