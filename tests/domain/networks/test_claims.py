"""Claims: the same name gets the same addresses, until it is released."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, claims, networks
from ipam.domain.people import members
from ipam.models import Claim, Event, IPAddress, Network, Project
from tests.builders import IPV4, IPV6, codes, prefixes_of
from tests.callers import as_user
from tests.domain import clients
from tests.domain.crowd import in_processes


def held_by(claim: Claim) -> list[str]:
    return [str(one) for one in IPAddress.objects.filter(allocation=claim.allocation)]


def test_claim_is_a_static_address_of_every_family(internet: Network, project: Project) -> None:
    claim = claims.claim(internet, project=project, name="vip")
    assert held_by(claim) == ["203.0.113.129", "2001:db8:0:113::1"]
    assert set(IPAddress.objects.values_list("type", "name", "project")) == {("static", "vip", project.pk)}


def test_same_name_always_gets_the_same_pair(internet: Network, project: Project) -> None:
    first = claims.claim(internet, project=project, name="vip")
    assert claims.claim(internet, project=project, name="vip") == first
    assert IPAddress.objects.count() == 2


def test_other_names_projects_and_networks_get_others(
    internet: Network, private: Network, project: Project, stranger: Project
) -> None:
    asked = [(internet, project, "a"), (internet, project, "b"), (internet, stranger, "a"), (private, project, "a")]
    made = [claims.claim(network, project=owner, name=name) for network, owner, name in asked]
    assert len({address for claim in made for address in held_by(claim)}) == 8


def test_released_name_may_be_claimed_again(internet: Network, project: Project) -> None:
    claims.release(claims.claim(internet, project=project, name="vip"))
    assert (Claim.objects.count(), IPAddress.objects.count()) == (0, 0)
    assert held_by(claims.claim(internet, project=project, name="vip")) == ["203.0.113.129", "2001:db8:0:113::1"]


def test_claimed_addresses_are_released_by_their_claim_only(internet: Network, project: Project) -> None:
    claim = claims.claim(internet, project=project, name="vip")
    with pytest.raises(errors.IpamError, match="as “vip”") as refusal:
        addresses.release_allocation(claim.allocation)
    assert codes(refusal.value) == ["in_use", "in_use"]
    with pytest.raises(errors.InUse):
        addresses.release(IPAddress.objects.all()[0])
    assert len(held_by(claim)) == 2


def test_claim_that_is_refused_leaves_nothing(private: Network, stranger: Project) -> None:
    with pytest.raises(errors.WrongProject):
        claims.claim(private, project=stranger, name="vip")
    assert not Claim.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_name_is_claimed_once_by_many(internet: Network, project: Project) -> None:
    got = in_processes([partial(clients.claim_addresses, internet.pk, project.pk, "vip")] * 8)
    assert (len(set(got)), IPAddress.objects.count(), Claim.objects.count()) == (1, 2, 1)


@pytest.mark.django_db(transaction=True)
def test_halves_of_a_name_are_claimed_once_by_many(internet: Network, project: Project) -> None:
    asked = [partial(clients.claim_addresses, internet.pk, project.pk, "vip", [one]) for one in (IPV4, IPV6)]
    got = in_processes(asked * 4)
    assert (len(set(got)), IPAddress.objects.count(), Claim.objects.count()) == (1, 2, 1)


@pytest.mark.django_db(transaction=True)
def test_child_of_a_name_is_claimed_once_by_many(tenants: Network, project: Project) -> None:
    got = in_processes([partial(clients.claim_addresses, tenants.pk, project.pk, "rack")] * 8)
    assert (len(set(got)), tenants.children.count(), Claim.objects.count()) == (1, 1, 1)
    assert list(doctor.examine()) == []


# --- one half after the other ---------------------------------------------------------------------
def test_each_half_is_claimed_by_itself_into_one_allocation(internet: Network, project: Project) -> None:
    first = claims.claim(internet, project=project, name="ns/m-0", families=[IPV6])
    assert (first.made, held_by(first)) == (True, ["2001:db8:0:113::1"])
    second = claims.claim(internet, project=project, name="ns/m-0", families=[IPV4])
    assert (second.made, second.pk, held_by(second)) == (True, first.pk, ["203.0.113.129", "2001:db8:0:113::1"])
    assert not claims.claim(internet, project=project, name="ns/m-0").made


def test_claim_of_both_completes_what_was_claimed_by_half(internet: Network, project: Project) -> None:
    claims.claim(internet, project=project, name="vip", families=[IPV4])
    assert held_by(claims.claim(internet, project=project, name="vip")) == ["203.0.113.129", "2001:db8:0:113::1"]
    assert list(doctor.examine()) == []


def test_one_half_is_released_and_then_the_other(internet: Network, project: Project) -> None:
    claim = claims.claim(internet, project=project, name="vip")
    claims.release(claim, family=IPV4)
    assert held_by(claim) == ["2001:db8:0:113::1"]
    with pytest.raises(errors.NotFound, match="holds no IPv4 address"):
        claims.release(claim, family=IPV4)
    claims.release(claim, family=IPV6)
    assert (Claim.objects.count(), IPAddress.objects.count()) == (0, 0)


def test_labels_stay_until_others_are_given(internet: Network, project: Project) -> None:
    claims.claim(internet, project=project, name="vip", families=[IPV4], labels={"tier": "gold"})
    kept = claims.claim(internet, project=project, name="vip", families=[IPV6])
    assert kept.labels == {"tier": "gold"}
    given = claims.claim(internet, project=project, name="vip", labels={"tier": "tin"})
    assert (given.made, given.labels) == (False, {"tier": "tin"})
    told = Event.objects.order_by("pk").last()
    assert (told.verb, told.changes) == ("update", {"labels": [{"tier": "gold"}, {"tier": "tin"}]})


def test_names_are_as_long_as_those_of_kubernetes(internet: Network, project: Project) -> None:
    name = f"{'n' * 63}/{'m' * 253}"
    assert claims.claim(internet, project=project, name=name).name == name
    assert set(IPAddress.objects.values_list("name", flat=True)) == {name[:255]}


@pytest.mark.parametrize("pool", ["internet", "tenants"])
def test_who_may_only_look_at_a_project_claims_nothing_of_it(
    pool: str, internet: Network, tenants: Network, project: Project
) -> None:
    network = {"internet": internet, "tenants": tenants}[pool]
    claims.claim(network, project=project, name="ours", labels={"tier": "gold"})
    looker = User.objects.create_user("looker")
    members.grant(looker, "viewer", project=project)
    for labels in (None, {"tier": "tin"}):
        with as_user(looker), pytest.raises(errors.PermissionDenied):
            claims.claim(network, project=project, name="ours", labels=labels)
    assert Claim.objects.get().labels == {"tier": "gold"}


# --- prefixes -------------------------------------------------------------------------------------
def test_super_network_gives_a_child_by_name(tenants: Network, project: Project) -> None:
    first = claims.claim(tenants, project=project, name="rack-1", lengths={IPV4: 26, IPV6: 112})
    again = claims.claim(tenants, project=project, name="rack-1")
    assert (first.made, again.made, again.child) == (True, False, first.child)
    assert prefixes_of(first.child) == ["10.0.0.0/26", "2001:db8:0:10::/112"]
    assert (first.child.name, first.child.project, first.allocation) == ("rack-1", project, None)


def test_child_that_is_claimed_gains_the_family_that_is_asked_for(tenants: Network, project: Project) -> None:
    claim = claims.claim(tenants, project=project, name="rack", families=[IPV4])
    assert claims.claim(tenants, project=project, name="rack", families=[IPV6]).made
    assert prefixes_of(claim.child) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_claimed_child_goes_only_when_nothing_is_in_it(tenants: Network, project: Project) -> None:
    claim = claims.claim(tenants, project=project, name="rack")
    (address, *_) = held = addresses.allocate(claim.child, project=project)
    with pytest.raises(errors.HasIps):
        claims.release(claim)
    assert Claim.objects.count() == 1
    addresses.release_allocation(address.allocation)
    claims.release(claim)
    assert (Claim.objects.count(), tenants.children.count(), len(held)) == (0, 0, 2)
    assert list(doctor.examine()) == []


def test_claimed_child_is_deleted_by_its_claim_only(tenants: Network, project: Project) -> None:
    claim = claims.claim(tenants, project=project, name="rack")
    with pytest.raises(errors.InUse, match="as “rack”"):
        networks.delete(claim.child)
    with pytest.raises(errors.ForbiddenField, match="goes as a whole"):
        claims.release(claim, family=IPV4)


def test_networks_of_addresses_take_no_length(internet: Network, project: Project) -> None:
    with pytest.raises(errors.ForbiddenField, match="Leave the length out"):
        claims.claim(internet, project=project, name="vip", lengths={IPV4: 26})
