"""What a request costs is bounded before it is judged, and so is the answer to a bad one."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ipam.domain.people import members, tokens
from ipam.models import IPAddress, Network, Partition, Project
from tests.api.conftest import codes

V1 = "/api/v1/"
MAX_ANSWERED = 64_000  # bytes
CIDR, NOTHING = "10.0.0.1/24", "x"
# What one request may carry of each, and that costs or tells more than it should.
BODIES: dict[str, tuple[str, Any]] = {
    "unknown fields": ("partitions/", {str(number): 1 for number in range(200_000)}),
    "a hundred unknown fields": ("partitions/", {f"{number:0>2000}": 1 for number in range(100)}),
    "prefixes": ("networks/", {"type": "external", "prefixes": [NOTHING] * 600_000}),
    "a thousand prefixes": ("networks/", {"type": "external", "prefixes": [f"{NOTHING * 2000}"] * 1_000}),
    "prefixes with host bits": ("networks/", {"id": "dc", "type": "external", "vrf": 9, "prefixes": [CIDR] * 1_000}),
    "destinations": ("networks/", {"type": "external", "destination_prefixes": [NOTHING] * 600_000}),
    "addresses": ("ips/", {"network": "a1", "project": "b1", "ip": [NOTHING] * 500_000}),
    "attachments": ("machines/", {"project": "a", "partition": "b", "networks": [{}] * 400_000}),
    "a hundred attachments": ("machines/", {"networks": [{str(key): 1 for key in range(90)}] * 100}),
    "addresses of attachments": ("machines/", {"networks": [{"network": "a1", "ips": [NOTHING] * 900}] * 100}),
    "labels": ("partitions/", {"id": "fra", "labels": {str(number): 1 for number in range(150_000)}}),
    "a hundred labels": ("partitions/", {"id": "fra", "labels": {f"{number:0>300}": 1 for number in range(100)}}),
    "a long word": ("networks/", {"type": NOTHING * 2_000_000}),
    "a list for a word": ("networks/", {"type": [NOTHING] * 500_000}),
    "a long id": ("projects/", {"id": NOTHING * 2_000_000}),
    "a long reference": ("ips/", {"network": NOTHING * 2_000_000, "project": NOTHING * 100}),
    "families": ("clusters/", {"families": [NOTHING] * 500_000}),
    "masks": ("clusters/", {"node_mask": {str(number): 1 for number in range(200_000)}}),
}


def compact(body: Any) -> str:
    return json.dumps(body, separators=(",", ":"))


@pytest.mark.parametrize("name", BODIES)
def test_answer_to_bad_input_is_small(api: APIClient, db: None, name: str) -> None:
    path, body = BODIES[name]
    answer = api.post(f"{V1}{path}", compact(body), content_type="application/json")
    assert (answer.status_code, len(answer.content) <= MAX_ANSWERED) == (400, True), answer.content[:500]
    assert len(answer.json()["errors"]) <= 100


def test_of_many_problems_a_hundred_are_told_and_the_rest_counted(api: APIClient, db: None) -> None:
    prefixes = [f"10.0.{number // 250}.{number % 250}/8" for number in range(1, 1001)]
    body = {"id": "dc", "type": "external", "vrf": 9, "prefixes": prefixes}
    problem = api.post(f"{V1}networks/", body).json()
    assert len(problem["errors"]) == 100
    assert problem["detail"].endswith(f"And {999 + 1000 - 100:,} more problems.")


def test_length_of_a_list_is_told_and_nothing_of_what_is_in_it(api: APIClient, db: None) -> None:
    answer = api.post(f"{V1}networks/", {"type": "child", "prefixes": [NOTHING] * 1001})
    assert codes(answer) == [("prefixes", "invalid")]
    assert "these are 1,001" in answer.json()["detail"]


# --- who may not write at all --------------------------------------------------------------------------
@pytest.fixture
def viewer(db: None, project: Project) -> APIClient:
    user = User.objects.create_user("viewer")
    members.grant(user, "viewer", project=project)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


@pytest.mark.parametrize("name", BODIES)
def test_who_may_write_nowhere_is_told_so_and_not_what_is_wrong(viewer: APIClient, name: str) -> None:
    path, body = BODIES[name]
    answer = viewer.post(f"{V1}{path}", compact(body), content_type="application/json")
    assert (answer.status_code, codes(answer)) == (403, [("", "permission_denied")])


@pytest.mark.parametrize("body", [{}, {"colour": 1}, {"id": 1}, {"id": "fra", "labels": {"a": 1}}])
def test_who_may_write_nowhere_is_told_so_of_small_bodies_too(viewer: APIClient, body: dict[str, Any]) -> None:
    assert codes(viewer.post(f"{V1}partitions/", body)) == [("", "permission_denied")]


# --- one budget for a request ----------------------------------------------------------------------------
def labels(number: int, each: int) -> dict[str, str]:
    return {f"label-{one}": "x" * each for one in range(number)}


def test_labels_that_are_stored_many_times_are_counted_so_often(
    api: APIClient, mini_lab: Network, home: Network
) -> None:
    held = IPAddress.objects.count()
    body = {"network": home.pk, "project": str(home.project_id), "count": 1000, "labels": labels(100, 2000)}
    answer = api.post(f"{V1}ips/", body)
    assert (answer.status_code, codes(answer), IPAddress.objects.count()) == (413, [("", "too_large")], held)
    assert api.post(f"{V1}ips/", body | {"count": 5}).status_code == 201


@pytest.mark.parametrize(
    "given",
    [
        {"x" * 64: ""},
        {f"{'x' * 254}/x": ""},
        {f"{'x' * 253}/{'x' * 64}": ""},
        {"a": "x" * 2001},
        labels(101, 1),
        {str(number): "€" * 1000 for number in range(90)},
    ],
)
def test_labels_of_one_object_are_bounded(api: APIClient, db: None, given: dict[str, str]) -> None:
    answer = api.post(f"{V1}partitions/", {"id": "fra", "labels": given})
    assert (answer.status_code, {code for _, code in codes(answer)}) == (400, {"invalid"})
    assert Partition.objects.count() == 0


def test_labels_may_be_as_large_as_they_may_be(api: APIClient, db: None) -> None:
    largest = {f"{'x' * 253}/{number:063}": "x" * 2000 for number in range(100)}
    assert api.post(f"{V1}partitions/", {"id": "fra", "labels": largest}).json()["labels"] == largest


# --- a network of a thousand prefixes ------------------------------------------------------------------
@pytest.mark.slow
def test_thousand_prefixes_cost_no_statements_of_their_own(api: APIClient, db: None) -> None:
    """Whoever waits for the locks waits for batches of rows; SQLite takes about 140 in a statement."""
    prefixes = [f"10.{part // 256}.{part % 256}.0/24" for part in range(1000)]
    costs = []
    for verb, path, sent in (
        ("post", "networks/", {"id": "dc", "type": "external", "vrf": 9, "prefixes": prefixes}),
        ("patch", "networks/dc/", {"prefixes": prefixes[:1]}),
        ("patch", "networks/dc/", {"prefixes": prefixes}),
        ("delete", "networks/dc/", {}),
    ):
        with CaptureQueriesContext(connection) as statements:
            answer = getattr(api, verb)(f"{V1}{path}", sent)
        assert answer.status_code < 300, answer.content[:500]
        costs.append(len(statements))
    assert [cost < 200 for cost in costs] == [True] * 4, costs


def test_every_overlap_of_many_prefixes_is_named(api: APIClient, mini_lab: Network) -> None:
    prefixes = ["203.0.113.0/24", "203.0.113.192/26", "198.51.100.0/24", "2001:db8:0:113:1::/80", "2001:db8::/32"]
    body = {"id": "dc", "type": "external", "vrf": 9, "prefixes": prefixes}
    answer = api.post(f"{V1}networks/", body)
    told = [error["detail"] for error in answer.json()["errors"] if "internet-mini-lab" in error["detail"]]
    assert [sentence.split()[0] for sentence in told] == [prefixes[0], prefixes[1], prefixes[3], prefixes[4]]
