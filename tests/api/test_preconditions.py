"""`ETag` and `If-Match`: nobody overwrites a change that they have not seen."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks, partitions
from ipam.models import Network, Project
from tests.api.conftest import codes
from tests.api.writes import WRITES, everything, fill, send

URL = "/api/v1/networks/internet/"
ON_ONE = [
    one
    for one in WRITES
    if one[1].count("/") > 1
    and not one[1].startswith(("alert-rules/test", "alerts", "allocations", "clusters/import", "deliveries", "events"))
    and not one[1].startswith("findings")
    and not one[1].endswith("/ranges/")
]
ON_NONE = [one for one in WRITES if one not in ON_ONE]


def write(cases: list[Any]) -> Any:
    return pytest.mark.parametrize(("verb", "path", "body"), cases, ids=[f"{one[0]} {one[1]}" for one in cases])


# --- ETag -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    ["partitions/mini-lab/", "projects/{alice}/", "vrfs/500/", "networks/{home}/", "ips/{single}/",
     "machines/{machine}/"],
)  # fmt: skip
def test_tag_of_an_object_is_its_generation(api: APIClient, world: dict[str, str], path: str) -> None:
    answer = api.get(f"/api/v1/{fill(path, world)}")
    assert answer.headers["ETag"] == f'"{answer.json()["generation"]}"'


def test_prefix_has_a_tag(api: APIClient, internet: Network) -> None:
    assert api.get(f"/api/v1/prefixes/{internet.prefixes.in_order()[0].pk}/").headers["ETag"] == '"1"'


def test_answer_to_a_change_has_the_new_tag(api: APIClient, internet: Network) -> None:
    assert api.patch(URL, {"name": "a"}).headers["ETag"] == '"2"'


def test_answer_to_making_one_has_its_tag(api: APIClient, db: None) -> None:
    assert api.post("/api/v1/partitions/", {"id": "fra"}).headers["ETag"] == '"1"'


def test_answers_without_one_object_that_is_kept_have_no_tag(
    api: APIClient, internet: Network, project: Project
) -> None:
    pair = {"network": "internet", "project": str(project.pk)}
    answers = [
        api.get("/api/v1/networks/"),
        api.post("/api/v1/ips/", pair),
        api.patch(f"{URL}?dry_run=true", {"name": "a"}),
        api.delete(URL),
    ]
    assert [answer.headers.get("ETag") for answer in answers] == [None] * 4


def test_fresh_answer_is_given_whatever_tag_is_known(api: APIClient, internet: Network) -> None:
    """Consumption moves without the generation, so nothing is “not modified”."""
    assert api.get(URL, headers={"If-None-Match": '"1"'}).status_code == 200


# --- If-Match -------------------------------------------------------------------------------------
@write(ON_ONE)
def test_write_of_an_object_that_has_changed_is_stale_and_changes_nothing(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: Any
) -> None:
    before = everything()
    for query in ("", "dry_run=true"):
        answer = send(api, verb, path, body, world, query, if_match='"77"')
        assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert everything() == before


@write(ON_ONE)
def test_write_of_an_object_that_has_not_changed_is_done(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: Any
) -> None:
    before = everything()
    assert send(api, verb, path, body, world, if_match='"1"').status_code in (200, 201, 202, 204)
    assert everything() != before


def test_stale_write_is_told_the_generation(api: APIClient, internet: Network) -> None:
    networks.update(internet, name="changed")
    answer = api.patch(URL, {"name": "mine"}, headers={"If-Match": '"1"'})
    assert answer.json()["detail"] == (
        "Somebody else has changed “changed” meanwhile: it is in generation 2 by now. Nothing was changed; "
        "read it again and repeat your change."
    )


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ('"2"', 200),
        ("*", 200),
        ('"1", "2"', 200),
        ('"1","x y, z" , "2"', 200),
        ('"1"', 412),
        ('"1", "3"', 412),
        ('W/"2"', 412),
        ('W/"2", "2"', 200),
        ('"02"', 412),
        ('""', 412),
        ('"²"', 412),
        (f'"{10**30}"', 412),
        ("2", 400),
        ("", 400),
        ("'2'", 400),
    ],
)
def test_condition(api: APIClient, internet: Network, given: str, status: int) -> None:
    networks.update(internet, name="second generation")
    assert api.patch(URL, {"name": "mine"}, headers={"If-Match": given}).status_code == status


def test_malformed_condition_is_named(api: APIClient, internet: Network) -> None:
    assert codes(api.patch(URL, {}, headers={"If-Match": "2"})) == [("If-Match", "invalid")]


def test_what_follows_from_others_is_no_change(api: APIClient, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert api.patch(URL, {"name": "mine"}, headers={"If-Match": '"1"'}).status_code == 200


@pytest.mark.parametrize("given", ['"1"', "*"])
def test_object_that_is_gone_is_not_found(api: APIClient, db: None, given: str) -> None:
    assert api.delete("/api/v1/partitions/fra/", headers={"If-Match": given}).status_code == 404


@write(ON_NONE)
def test_condition_on_what_has_no_tag_is_refused(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: Any
) -> None:
    before = everything()
    answer = send(api, verb, path, body, world, if_match='"1"')
    assert (answer.status_code, codes(answer)) == (412, [("If-Match", "stale")])
    assert everything() == before


def test_reading_takes_no_condition(api: APIClient, internet: Network) -> None:
    assert api.get(URL, headers={"If-Match": '"7"'}).status_code == 200


def test_change_that_was_done_and_is_sent_again_is_not_stale(api: APIClient, db: None) -> None:
    partitions.create(id="fra")
    headers = {"If-Match": '"1"', "Idempotency-Key": "k"}
    answers = [api.patch("/api/v1/partitions/fra/", {"name": "a"}, headers=headers) for _ in range(2)]
    assert [(one.status_code, one.headers["ETag"]) for one in answers] == [(200, '"2"')] * 2
