"""Claims over HTTP, as Cluster API asks for them: one family of one name, then the other; and prefixes by name."""

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import prefixes
from ipam.models import Network, Project
from tests.api.conftest import codes, results
from tests.builders import ip

CLAIMS = "/api/v1/claims/"


@pytest.fixture
def claim(mini_lab: Network, project: Project) -> dict[str, str]:
    return {"pool": mini_lab.pk, "name": "prod/vip", "owner": str(project.pk)}


@pytest.fixture
def rack(home: Network, project: Project) -> dict[str, object]:
    return {"pool": home.parent_id, "name": "rack", "owner": str(project.pk), "address_family": "ipv4"}


def test_claim_of_one_family_tells_that_half(api: APIClient, claim: dict[str, str], mini_lab: Network) -> None:
    prefixes.update(mini_lab.prefixes.get(family=4), gateway=ip("203.0.113.129"))
    ipv4 = api.post(CLAIMS, {**claim, "labels": {"tier": "gold"}, "address_family": "ipv4"}, format="json")
    ipv6 = api.post(CLAIMS, {**claim, "address_family": "ipv6"}, format="json")
    half = {"ip": "203.0.113.130", "address_family": "ipv4", "prefix": 25, "gateway": "203.0.113.129"}
    other = {"ip": "2001:db8:0:113::1", "address_family": "ipv6", "prefix": 64, "gateway": None}
    assert [(one.status_code, one.json()["ips"]) for one in (ipv4, ipv6)] == [(201, [half]), (201, [other])]
    found = api.post(CLAIMS, claim, format="json")
    assert (found.status_code, found.json()["ips"], found.json()["labels"]) == (200, [half, other], {"tier": "gold"})
    assert results(api.get(f"{CLAIMS}?label=tier=gold&owner={claim['owner']}"), "name") == ["prod/vip"]


def test_one_half_is_released_by_name(api: APIClient, claim: dict[str, str]) -> None:
    api.post(CLAIMS, claim)
    query = "&".join(f"{name}={value}" for name, value in claim.items())
    assert api.delete(f"{CLAIMS}?{query}&address_family=ipv6").status_code == 204
    assert [one["address_family"] for one in results(api.get(CLAIMS), "ips")[0]] == ["ipv4"]
    assert api.delete(f"{CLAIMS}?{query}&address_family=ipv6").status_code == 404
    assert api.delete(f"{CLAIMS}?{query}").status_code == 204


@pytest.mark.parametrize("length", [26, {"ipv4": 26}])
def test_super_network_gives_a_prefix_by_name(api: APIClient, rack: dict[str, object], length: object) -> None:
    first, again = (api.post(CLAIMS, {**rack, "length": length}, format="json") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert (first.json()["ips"], first.json()["allocation"]) == ([], None)
    assert api.get(f"/api/v1/networks/{first.json()['network']}/").json()["prefixes"] == ["10.0.4.0/26"]


def test_length_of_no_family_is_refused(api: APIClient, rack: dict[str, object]) -> None:
    del rack["address_family"]
    assert codes(api.post(CLAIMS, {**rack, "length": 26}, format="json")) == [("length", "invalid")]


def test_keyed_claim_is_answered_with_its_first_status(api: APIClient, claim: dict[str, str]) -> None:
    sent = [api.post(CLAIMS, claim, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [one.status_code for one in sent] == [201, 201]
    assert api.post(CLAIMS, claim, format="json", headers={"Idempotency-Key": "other"}).status_code == 200
