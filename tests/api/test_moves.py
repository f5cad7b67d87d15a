"""ips/{id}/move/ and allocations/{id}/move/: to another network, prefix or project, host part kept."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, quota_limits
from ipam.models import Event, IPAddress, Network, Project, Quota, Tenure
from tests.builders import IPV4, cidrs, external, ip
from tests.shared import shared_fixture


@shared_fixture
def old() -> Network:
    return networks.create(
        external(id="old", vrf=9, prefixes=cidrs("10.1.0.0/24", "2001:db8:1::/64"), destination_prefixes=())
    )


@shared_fixture
def new() -> Network:
    prefixes = cidrs("10.2.0.0/29", "10.3.0.0/24", "2001:db8:2::/64")
    return networks.create(external(id="newer", vrf=10, prefixes=prefixes, destination_prefixes=()))


@pytest.fixture(autouse=True)
def _space_adds_up(db: None) -> Any:
    yield
    assert [one.sentence for one in doctor.examine()] == []


def pair(network: Network, project: Project, *named: str) -> list[IPAddress]:
    return addresses.allocate(network, project=project, addresses=[ip(one) for one in named])


def move(api: APIClient, held: list[IPAddress], query: str = "", **where: str) -> Any:
    return api.post(f"/api/v1/allocations/{held[0].allocation}/move/{query}", where)


def test_pair_moves_and_keeps_its_host_part(api: APIClient, old: Network, new: Network, project: Project) -> None:
    held = pair(old, project, "10.1.0.9", "2001:db8:1::9")
    told = move(api, held, network="newer").json()["ips"]
    assert [(one["ip"], one["network"], one["prefix"]) for one in told] == [
        ("10.3.0.9", "newer", "10.3.0.0/24"),
        ("2001:db8:2::9", "newer", "2001:db8:2::/64"),
    ]
    assert [one["id"] for one in told] == [str(one.pk) for one in held]
    assert sorted(map(str, Tenure.objects.open())) == ["10.3.0.9", "2001:db8:2::9"]
    assert Event.objects.filter(verb="move").count() == 1
    assert [one["ip"] for one in move(api, held, network="old").json()["ips"]] == ["10.1.0.9", "2001:db8:1::9"]


def test_pair_stays_where_half_of_it_has_no_place(api: APIClient, old: Network, new: Network, project: Project) -> None:
    held = pair(old, project, "10.1.0.9", "2001:db8:1::9")
    pair(new, project, "2001:db8:2::9")
    answer = move(api, held, network="newer")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_allocated")
    assert answer.json()["detail"].startswith("2001:db8:2::9 is held by")
    assert set(IPAddress.objects.filter(pk__in=[one.pk for one in held]).values_list("network", flat=True)) == {"old"}


def test_address_moves_to_a_prefix(api: APIClient, old: Network, new: Network, project: Project) -> None:
    (held,) = pair(old, project, "10.1.0.3")
    url = f"/api/v1/ips/{held.pk}/move/"
    assert api.post(url, {"prefix": "10.2.0.0/29"}).json()["ip"] == "10.2.0.3"
    assert api.post(url, {"prefix": str(new.prefixes.in_order()[1].pk)}).json()["ip"] == "10.3.0.3"
    assert api.post(url, {"prefix": "10.9.0.0/29"}).status_code == 404
    (far,) = pair(old, project, "10.1.0.200")
    assert api.post(f"/api/v1/ips/{far.pk}/move/", {"prefix": "10.2.0.0/29"}).json()["code"] == "not_in_prefix"


def test_allocation_moves_to_another_project(api: APIClient, old: Network, project: Project, stranger: Project) -> None:
    for one in (project, stranger):
        quota_limits.create(project=one, address_family=IPV4, resource="addresses", limit=1)
    held = pair(old, project, "10.1.0.9", "2001:db8:1::9")
    dry = move(api, held, "?dry_run=true", project=str(stranger.pk)).json()
    assert (dry["dry_run"], IPAddress.objects.filter(project=stranger).count()) == (True, 0)
    assert {one["project"] for one in move(api, held, project=str(stranger.pk)).json()["ips"]} == {str(stranger.pk)}
    assert list(Quota.objects.order_by("used").values_list("used", "project")) == [(0, project.pk), (1, stranger.pk)]
    other = pair(old, project, "10.1.0.10")
    assert move(api, other, project=str(stranger.pk)).json()["code"] == "quota_exceeded"


def test_one_place_is_named(api: APIClient, old: Network, new: Network, project: Project) -> None:
    held = pair(old, project, "10.1.0.9")
    assert move(api, held).json()["code"] == "invalid"
    assert move(api, held, network="newer", project=str(project.pk)).json()["code"] == "invalid"
