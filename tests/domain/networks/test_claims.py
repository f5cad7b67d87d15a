"""Claims: the same name gets the same addresses, until it is released."""

from functools import partial

import pytest

from ipam import errors
from ipam.domain.networks import addresses, claims
from ipam.models import Claim, IPAddress, Network, Project
from tests.builders import codes
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
