"""What was released stays out of use for a while, where its network says so."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.addressing import Family
from ipam.domain.core import context
from ipam.domain.insight import surveying
from ipam.domain.networks import children, networks
from ipam.domain.space import cooling
from ipam.models import Network, Prefix, Project, Series, SetAsideBlock
from tests.api.conftest import codes, lay, take, use
from tests.builders import child

URL = "/api/v1/networks/small/"


@pytest.fixture
def other(api: APIClient) -> Any:
    return Project.objects.get(pk=api.post("/api/v1/projects/", {"name": "other"}).json()["id"])


def quarantine(api: APIClient, network: Network, **more: Any) -> Any:
    return api.patch(f"/api/v1/networks/{network.pk}/", {"quarantine": {"ipv4": 24}, **more})


def release(api: APIClient, network: Network, project: Project, **body: Any) -> str:
    """The address that was allocated and released."""
    one = take(api, network, project, **body).json()["ips"][0]
    assert api.delete(f"/api/v1/ips/{one['id']}/").status_code == 204
    return str(one["ip"])


def let_time_pass() -> None:
    for block in SetAsideBlock.objects.filter(until__isnull=False):
        SetAsideBlock.objects.filter(pk=block.pk).update(until=block.until - timedelta(hours=25))


def test_network_says_how_long(api: APIClient, small: Network) -> None:
    assert api.get(URL).json()["quarantine"] == {}
    told = quarantine(api, small, quarantine_strict=True).json()
    assert (told["quarantine"], told["quarantine_strict"]) == ({"ipv4": 24}, True)
    assert api.get(URL).json()["quarantine"] == {"ipv4": 24}


@pytest.mark.parametrize("wrong", [{"ipv4": -1}, {"ipv5": 1}, {"ipv4": "1"}, {"ipv4": True}, [], {"ipv4": 1e9}])
def test_hours_that_are_none_are_refused(api: APIClient, small: Network, wrong: Any) -> None:
    assert codes(api.patch(URL, {"quarantine": wrong})) == [("quarantine", "invalid")]


def test_released_address_cools(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    assert release(api, small, project) == "198.51.100.1"
    assert use(api, small) == {"used": "0", "reserved": "2", "cooling": "1", "available": "13"}
    assert take(api, small, project).json()["ips"][0]["ip"] == "198.51.100.2"
    assert "198.51.100.1/32" not in api.get(f"{URL}free/").json()["ipv4"]["blocks"]


def test_others_are_told_until_when(api: APIClient, small: Network, project: Project, other: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    answer = take(api, small, other, ip="198.51.100.1")
    assert (answer.status_code, codes(answer)) == (409, [("ip", "cooling")])
    (block,) = SetAsideBlock.objects.all()
    assert answer.json()["until"] == block.until.isoformat().replace("+00:00", "Z")


def test_its_last_project_takes_it_back_at_once(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    assert take(api, small, project, ip="198.51.100.1").status_code == 201
    assert use(api, small) == {"used": "1", "reserved": "2", "cooling": "0", "available": "13"}


def test_release_is_undone_while_it_cools(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    event = api.get("/api/v1/events/?verb=release").json()["results"][0]["id"]
    assert api.post(f"/api/v1/events/{event}/undo/").status_code == 200
    assert use(api, small) == {"used": "1", "reserved": "2", "cooling": "0", "available": "13"}


def test_what_cools_is_the_last_resort(api: APIClient, small: Network, project: Project, other: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    assert len(take(api, small, other, count=13).json()["ips"]) == 13
    assert take(api, small, other).json()["ips"][0]["ip"] == "198.51.100.1"
    assert take(api, small, other).status_code == 409


def test_strict_quarantine_gives_nothing_early(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small, quarantine_strict=True)
    release(api, small, project)
    answer = take(api, small, project, count=14)
    assert codes(answer) == [("address_family", "exhausted")]
    assert "1 more cools until" in answer.json()["detail"]
    let_time_pass()
    assert len(take(api, small, project, count=14).json()["ips"]) == 14


def test_expired_space_is_free_again(api: APIClient, small: Network, project: Project, other: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    let_time_pass()
    assert use(api, small) == {"used": "0", "reserved": "2", "cooling": "0", "available": "14"}
    assert api.get(f"{URL}free/").json()["ipv4"]["available_ips"] == "14"
    assert take(api, small, other, ip="198.51.100.1").status_code == 201


def test_work_lets_expired_space_be_free(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    assert cooling.expire() == 0
    let_time_pass()
    assert cooling.expire() == 1
    assert take(api, small, project).json()["ips"][0]["ip"] == "198.51.100.1"


def test_survey_lets_expired_space_be_free(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    let_time_pass()
    with context.system():
        surveying.run()
    assert not SetAsideBlock.objects.exists()
    assert Series.objects.get(network_id="small").available == 14


def test_turning_it_off_frees_what_cools(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    assert api.patch(URL, {"quarantine": {}}).json()["quarantine"] == {}
    assert use(api, small) == {"used": "0", "reserved": "2", "cooling": "0", "available": "14"}
    release(api, small, project)
    assert not SetAsideBlock.objects.exists()


def test_what_is_released_in_a_range_does_not_cool(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    lay(api, small, prefix="198.51.100.8/29", use="by-name")
    release(api, small, project, ip="198.51.100.9")
    assert use(api, small) == {"used": "0", "reserved": "9", "cooling": "0", "available": "7"}


def test_range_laid_over_what_cools_has_it(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    lay(api, small, prefix="198.51.100.0/30")
    assert use(api, small) == {"used": "0", "reserved": "5", "cooling": "0", "available": "11"}


def test_children_of_a_super_cool(api: APIClient, tenants: Network, project: Project, other: Project) -> None:
    quarantine(api, tenants)
    networks.delete(networks.create(child(parent=tenants, project=project)))
    assert use(api, tenants)["cooling"] == "1024"
    carved = networks.create(child(parent=tenants, project=project))
    assert list(map(str, carved.known_prefixes)) == ["10.0.4.0/22", "2001:db8:0:10::/96"]


def test_network_goes_while_space_cools(api: APIClient, small: Network, project: Project) -> None:
    quarantine(api, small)
    release(api, small, project)
    assert api.delete(URL).status_code == 204
    assert not SetAsideBlock.objects.exists()


def test_new_networks_of_any_kind_say_how_long(api: APIClient, project: Project) -> None:
    said: dict[str, Any] = {"quarantine": {"ipv4": 24, "ipv6": 0.5}, "quarantine_strict": True}
    root = {"id": "root", "type": "super", "default_child_prefix_length": {"ipv4": 28}, "prefixes": ["10.77.0.0/24"]}
    carved = {"type": "child", "parent": "root", "project": str(project.pk)}
    for body in (root, carved, carved | {"prefixes": ["10.77.0.128/28"]}):
        made = api.post("/api/v1/networks/", body | said).json()
        assert {name: made[name] for name in said} == said
        assert Prefix.objects.get(network=made["id"]).sets_aside


def test_family_that_a_child_gains_cools_as_its_network_says(private: Network) -> None:
    lone = networks.create(child(parent=private.parent, project=private.project, address_family=[Family.IPV4]))
    networks.update(lone, quarantine={Family.IPV6: 1})
    children.add_family(lone, Family.IPV6)
    assert [prefix.sets_aside for prefix in lone.prefixes.in_order()] == [False, True]
