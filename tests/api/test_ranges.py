"""networks/{id}/ranges/: out of a range nothing is given by itself."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import networks
from ipam.models import Network, Project
from tests.api.conftest import codes, lay, take, use
from tests.builders import child, free_blocks


def test_range_is_told_as_the_contract_has_it(api: APIClient, small: Network) -> None:
    answer = lay(api, small, first="198.51.100.2", last="198.51.100.6", use="dhcp", name="pool", labels={"a": "b"})
    assert answer.status_code == 201
    told = answer.json()
    for name in ("id", "created_at", "updated_at", "generation"):
        assert told.pop(name)
    assert told == {
        "network": "small",
        "prefix": "198.51.100.0/28",
        "first": "198.51.100.2",
        "last": "198.51.100.6",
        "address_family": "ipv4",
        "use": "dhcp",
        "name": "pool",
        "description": "",
        "labels": {"a": "b"},
        "project": None,
        "size": "5",
        "held": "0",
    }


def test_lowest_address_passes_over_ranges(api: APIClient, small: Network, project: Project) -> None:
    lay(api, small, first="198.51.100.1", last="198.51.100.6")
    assert take(api, small, project).json()["ips"][0]["ip"] == "198.51.100.7"
    assert use(api, small) == {"used": "1", "reserved": "8", "cooling": "0", "available": "7"}


def test_exhausted_says_what_ranges_keep(api: APIClient, small: Network, project: Project) -> None:
    lay(api, small, first="198.51.100.3", last="198.51.100.14", use="dhcp", name="dhcp")
    take(api, small, project, count=2)
    answer = take(api, small, project)
    assert codes(answer) == [("address_family", "exhausted")]
    assert "12 more are reserved by range dhcp." in answer.json()["detail"]


@pytest.mark.parametrize("purpose", ["dhcp", "excluded", "growth"])
def test_naming_an_address_in_a_range_is_refused(
    api: APIClient, small: Network, project: Project, purpose: str
) -> None:
    lay(api, small, prefix="198.51.100.4/30", use=purpose, name="kept")
    answer = take(api, small, project, ip="198.51.100.5")
    assert (answer.status_code, codes(answer)) == (409, [("ip", "in_range")])
    assert "kept (198.51.100.4 to 198.51.100.7)" in answer.json()["detail"]


def test_range_by_name_gives_what_is_named(api: APIClient, small: Network, project: Project) -> None:
    lay(api, small, prefix="198.51.100.4/30", use="by-name")
    assert take(api, small, project, ip="198.51.100.5").status_code == 201
    assert use(api, small) == {"used": "1", "reserved": "5", "cooling": "0", "available": "10"}


def test_range_of_a_project_gives_to_that_alone(api: APIClient, small: Network, project: Project) -> None:
    other = api.post("/api/v1/projects/", {"name": "other"}).json()["id"]
    lay(api, small, prefix="198.51.100.4/30", use="by-name", project=other)
    assert codes(take(api, small, project, ip="198.51.100.5")) == [("ip", "in_range")]
    assert api.post("/api/v1/ips/", {"network": "small", "project": other, "ip": "198.51.100.5"}).status_code == 201


def test_what_is_released_inside_comes_back_to_the_range(api: APIClient, small: Network, project: Project) -> None:
    held = take(api, small, project).json()["ips"][0]
    made = lay(api, small, first="198.51.100.0", last="198.51.100.3").json()
    assert (made["size"], made["held"]) == ("4", "1")
    assert use(api, small) == {"used": "1", "reserved": "4", "cooling": "0", "available": "11"}
    assert api.delete(f"/api/v1/ips/{held['id']}/").status_code == 204
    assert use(api, small) == {"used": "0", "reserved": "5", "cooling": "0", "available": "11"}
    assert take(api, small, project).json()["ips"][0]["ip"] == "198.51.100.4"


def test_taking_a_range_away_frees_what_nobody_holds(api: APIClient, small: Network, project: Project) -> None:
    before = free_blocks(small)
    made = lay(api, small, first="198.51.100.3", last="198.51.100.9").json()
    assert free_blocks(small) != before
    assert api.delete(f"/api/v1/networks/small/ranges/{made['id']}/").status_code == 204
    assert free_blocks(small) == before
    assert use(api, small)["reserved"] == "2"


@pytest.mark.parametrize(
    ("form", "ends"),
    [
        ({"in": "198.51.100.0/28", "first_n": 3}, ("198.51.100.0", "198.51.100.2")),
        ({"in": "198.51.100.0/28", "last_n": "4"}, ("198.51.100.12", "198.51.100.15")),
        ({"prefix": "198.51.100.8/29"}, ("198.51.100.8", "198.51.100.15")),
    ],
)
def test_bounds_have_three_forms(api: APIClient, small: Network, form: dict[str, Any], ends: tuple[str, str]) -> None:
    made = lay(api, small, **form).json()
    assert (made["first"], made["last"]) == ends


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"first": "198.51.100.3"}, 400, "invalid"),
        ({"prefix": "198.51.100.8/29", "last": "198.51.100.9"}, 400, "invalid"),
        ({"in": "198.51.100.0/28", "first_n": 1, "last_n": 1}, 400, "invalid"),
        ({"in": "198.51.100.0/28", "first_n": 17}, 400, "invalid"),
        ({"first": "198.51.100.6", "last": "198.51.100.3"}, 400, "invalid"),
        ({"first": "198.51.100.6", "last": "2001:db8::1"}, 400, "range_family"),
        ({"first": "198.51.100.6", "last": "198.51.100.16"}, 400, "not_in_prefix"),
        ({"prefix": "198.51.100.9/29"}, 400, "prefix_not_canonical"),
        ({"prefix": "198.51.100.0/27"}, 400, "not_in_prefix"),
    ],
)
def test_bounds_that_contradict_themselves_are_refused(
    api: APIClient, small: Network, form: dict[str, Any], status: int, code: str
) -> None:
    answer = lay(api, small, **form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_ranges_never_overlap_but_may_touch(api: APIClient, small: Network) -> None:
    lay(api, small, first="198.51.100.3", last="198.51.100.6", name="one")
    answer = lay(api, small, first="198.51.100.6", last="198.51.100.9", use="dhcp")
    assert (answer.status_code, codes(answer)) == (409, [("first", "overlap")])
    assert "range one (198.51.100.3 to 198.51.100.6)" in answer.json()["detail"]
    assert lay(api, small, first="198.51.100.7", last="198.51.100.9").status_code == 201
    assert lay(api, small, first="198.51.100.2", last="198.51.100.2").status_code == 201
    assert [one["first"] for one in api.get("/api/v1/networks/small/ranges/").json()["results"]] == [
        "198.51.100.2",
        "198.51.100.3",
        "198.51.100.7",
    ]


def test_range_keeps_space_of_a_super_from_being_carved(api: APIClient, tenants: Network, project: Project) -> None:
    lay(api, tenants, prefix="10.0.0.0/20", use="growth", name="grow")
    carved = networks.create(child(parent=tenants, project=project))
    assert list(map(str, carved.known_prefixes)) == ["10.0.16.0/22", "2001:db8:0:10::/96"]
    assert use(api, tenants)["reserved"] == "4096"


def test_ranges_go_with_their_network(api: APIClient, small: Network) -> None:
    lay(api, small, prefix="198.51.100.8/29")
    assert api.delete("/api/v1/networks/small/").status_code == 204
    assert api.get("/api/v1/networks/small/ranges/").status_code == 404


def test_words_use_and_project_of_a_range_change(api: APIClient, small: Network, project: Project) -> None:
    made = lay(api, small, prefix="198.51.100.8/29").json()
    url = f"/api/v1/networks/small/ranges/{made['id']}/"
    changed = api.patch(url, {"use": "by-name", "name": "vips", "project": str(project.pk)}).json()
    assert (changed["use"], changed["name"], changed["project"]) == ("by-name", "vips", str(project.pk))
    assert api.patch(url, {"first": "198.51.100.1"}).status_code == 400
    assert api.get(url).json() == changed


def test_free_space_lists_what_is_available_alone(api: APIClient, small: Network) -> None:
    lay(api, small, first="198.51.100.0", last="198.51.100.7")
    told = api.get("/api/v1/networks/small/free/").json()["ipv4"]
    assert told["blocks"] == ["198.51.100.8/30", "198.51.100.12/31", "198.51.100.14/32"]
    assert told["available_ips"] == "7"
