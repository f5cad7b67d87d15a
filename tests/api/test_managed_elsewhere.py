"""The API shows who owns an object, and refuses each write to what another system owns."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.models.managed import METAL_STACK
from tests.api.conftest import results
from tests.api.writes import WRITES, everything, send
from tests.shared import shared_fixture

MANAGED = (Partition, Project, Network, Machine, IPAddress)
_OWNED = {"networks", "prefixes", "ips", "allocations", "machines", "claims"}


def _is_refused(path: str, body: dict[str, Any]) -> bool:
    """Writes to what is owned elsewhere, or that take from it; all else is about things of Twofold's own."""
    noun, _, rest = path.partition("/")
    if body.get("type") == "external" or "{range}" in rest:
        return False
    is_taking = path == "clusters/" or rest.endswith(("undo/", "-addresses/"))
    return noun in _OWNED or is_taking or "{partition}" in rest or "{crew}" in rest


REFUSED = [one for one in WRITES if _is_refused(one[1], one[2])]


@shared_fixture
def owned(world: dict[str, str]) -> dict[str, str]:
    """The world, all of it metal-stack's."""
    for model in MANAGED:
        model.objects.update(managed_by=METAL_STACK)
    return world


@pytest.mark.parametrize(("verb", "path", "body"), REFUSED, ids=[f"{one[0]} {one[1]}" for one in REFUSED])
def test_write_is_refused_and_changes_nothing(
    api: APIClient, owned: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    answer = send(api, verb, path, body, owned)
    assert (answer.status_code, answer.json()["code"]) == (409, "managed_elsewhere")
    assert everything() == before


def test_address_is_neither_taken_nor_given_back_the_short_way(api: APIClient, owned: dict[str, str]) -> None:
    asked = {"network": owned["home"], "project": owned["alice"]}
    answers = [api.post("/api/v1/ips/", asked), api.delete(f"/api/v1/ips/{owned['single']}/")]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "managed_elsewhere")] * 2


def test_refusal_says_whose_it_is_and_what_to_do(api: APIClient, owned: dict[str, str]) -> None:
    answer = api.patch("/api/v1/partitions/fra-1/", {"name": "Frankfurt"})
    assert answer.json()["detail"] == (
        "fra-1 is managed by metal-stack, and only read here. Change it there: the next pass of the mirror brings "
        "that over."
    )


@pytest.mark.parametrize("noun", ["partitions", "projects", "networks", "machines", "ips"])
def test_list_shows_and_is_narrowed_by_who_owns_what(api: APIClient, world: dict[str, str], noun: str) -> None:
    one = api.get(f"/api/v1/{noun}/").json()["results"][0]
    assert one["managed_by"] == ""
    model = dict(zip(["partitions", "projects", "networks", "machines", "ips"], MANAGED, strict=True))[noun]
    model.objects.filter(pk=one["id"]).update(managed_by=METAL_STACK)
    assert results(api.get(f"/api/v1/{noun}/?managed_by=metal-stack")) == [one["id"]]
