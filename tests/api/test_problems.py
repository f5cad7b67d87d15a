"""Errors are problem details of RFC 9457, wherever they come from."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam import errors
from ipam.api.errors import STATUS
from ipam.domain.people import tokens
from ipam.models import Network, Project
from ipam.models.networks import NetworkType
from tests.api.conftest import codes

PROBLEM = "application/problem+json"


def test_problem_has_every_member_and_no_other(api: APIClient) -> None:
    response = api.get("/api/v1/networks/nowhere/")
    assert (response.status_code, response.headers["Content-Type"]) == (404, PROBLEM)
    detail = "There is no network “nowhere”. Check the id."
    assert response.json() == {
        "type": "urn:twofold:problem:not_found",
        "title": "It does not exist",
        "status": 404,
        "code": "not_found",
        "detail": detail,
        "errors": [{"field": "", "code": "not_found", "detail": detail}],
    }


def test_every_problem_of_a_body_is_reported_together(api: APIClient) -> None:
    body = {
        "type": "private",
        "vrf": True,
        "prefixes": ["10.0.0.0/8", "nonsense"],
        "colour": "blue",
        "labels": {"a": 1},
    }
    response = api.post("/api/v1/networks/", body)
    assert response.status_code == 400
    assert sorted(codes(response)) == [
        ("colour", "unknown_field"),
        ("labels.a", "invalid"),
        ("prefixes.1", "invalid_cidr"),
        ("type", "invalid"),
        ("vrf", "invalid"),
    ]


def test_problem_goes_by_the_code_of_its_first_error(api: APIClient) -> None:
    problem = api.post("/api/v1/vrfs/", {"colour": "blue"}).json()
    assert [problem["code"], problem["type"]] == ["unknown_field", "urn:twofold:problem:unknown_field"]
    assert [one["code"] for one in problem["errors"]] == ["unknown_field", "required"]


def test_detail_is_the_sentences_of_all_errors(api: APIClient) -> None:
    problem = api.post("/api/v1/ips/", {"network": 1, "project": 2}).json()
    assert problem["detail"] == " ".join(dict.fromkeys(one["detail"] for one in problem["errors"]))


def test_missing_fields_are_required(api: APIClient) -> None:
    assert codes(api.post("/api/v1/ips/", {})) == [("network", "required"), ("project", "required")]


def test_reference_to_nothing_names_its_field(api: APIClient, mini_lab: Network) -> None:
    response = api.post("/api/v1/ips/", {"network": mini_lab.pk, "project": "nobody"})
    assert (response.status_code, codes(response)) == (404, [("project", "not_found")])


@pytest.mark.parametrize("url", ["/api/v1/", "/api/v1/nothing/", "/api/v1/networks", "/api/v1/networks/a/b/c/"])
@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "options"])
def test_unknown_address_is_a_problem_for_every_verb(api: APIClient, url: str, verb: str) -> None:
    response = getattr(api, verb)(url)
    assert (response.status_code, response.headers["Content-Type"]) == (404, PROBLEM)
    assert response.json()["code"] == "not_found"


METHODS = [("put", "networks/a/"), ("put", "ips/"), ("patch", "vrfs/"), ("delete", "machines/"), ("post", "search/")]


@pytest.mark.parametrize(("verb", "url"), METHODS)
def test_verb_that_is_not_there_is_405(api: APIClient, verb: str, url: str) -> None:
    response = getattr(api, verb)(f"/api/v1/{url}", {})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert verb.upper() not in response.headers["Allow"].split(", ")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_body_that_is_no_json_is_415(api: APIClient, content_type: str) -> None:
    response = api.post("/api/v1/vrfs/", "id=1", content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")
    assert response.headers["Content-Type"] == PROBLEM


def test_answer_in_another_format_is_406(api: APIClient) -> None:
    response = api.get("/api/v1/networks/", headers={"Accept": "application/xml"})
    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("code", "status"),
    [("overlap", 409), ("exhausted", 409), ("in_use", 409), ("has_ips", 409), ("not_found", 404), ("busy", 503)],
)
def test_status_of_the_contract(code: str, status: int) -> None:
    assert STATUS[code] == status


def test_every_status_is_of_a_code_that_exists() -> None:
    known = {error.code for error in errors.IpamError.__subclasses__()}
    assert set(STATUS) <= known


def test_malformed_json_says_where(api: APIClient) -> None:
    response: Any = api.post("/api/v1/vrfs/", '{"id": }', content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert response.json()["detail"] == "The body is not valid JSON: Expecting value: line 1 column 8 (char 7)"


# --- fields before names (rule 2) ----------------------------------------------------------------------
NOBODY = "00000000-0000-0000-0000-000000000000"
UUID = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"


def test_fields_are_judged_together_before_any_name_is_looked_up(api: APIClient, db: None) -> None:
    body = {"type": "external", "parent": "nowhere", "project": NOBODY, "partition": "nowhere", "length": {"ipv4": 24}}
    told = codes(api.post("/api/v1/networks/", body))
    assert sorted(told) == [
        ("id", "required"),
        ("length", "forbidden_field"),
        ("parent", "forbidden_field"),
        ("prefixes", "required"),
        ("vrf", "required"),
    ]


def test_vrf_is_looked_up_after_the_fields_and_with_the_other_names(api: APIClient, db: None) -> None:
    told = codes(api.post("/api/v1/networks/", {"type": "external", "vrf": "nope"}))
    assert sorted(told) == [("id", "required"), ("prefixes", "required")]
    body = {"type": "super", "id": "more", "vrf": "nope", "partition": "nowhere", "prefixes": ["10.0.0.0/8"]}
    told = codes(api.post("/api/v1/networks/", {**body, "default_child_prefix_length": {"ipv4": 22}}))
    assert sorted(told) == [("partition", "not_found"), ("vrf", "not_found")]


def test_address_and_family_contradict_each_other_whatever_else_is_named(api: APIClient, db: None) -> None:
    body = {"network": "nowhere", "project": NOBODY, "ip": "192.0.2.1", "address_family": "ipv4"}
    assert codes(api.post("/api/v1/ips/", body)) == [("ip", "ip_and_address_family")]


UNKNOWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "networks": ({"type": "child", "parent": "nowhere", "project": NOBODY}, ["parent", "project"]),
    "ips": ({"network": "nowhere", "project": NOBODY, "machine": "none"}, ["machine", "network", "project"]),
    "machines": (
        {"project": NOBODY, "partition": "nowhere", "networks": [{"network": "no-one"}, {"network": "no-two"}]},
        ["networks.0.network", "networks.1.network", "partition", "project"],
    ),
    "clusters": ({"name": "web", "project": NOBODY, "parent": "nowhere"}, ["parent", "project"]),
    "quotas": (
        {"project": NOBODY, "network": "nowhere", "address_family": "ipv4", "resource": "addresses", "limit": "1"},
        ["network", "project"],
    ),
    "claims": ({"pool": "nowhere", "name": "vip", "owner": NOBODY}, ["owner", "pool"]),
}


@pytest.mark.parametrize("collection", UNKNOWN)
def test_unknown_names_are_told_together(api: APIClient, db: None, collection: str) -> None:
    body, fields = UNKNOWN[collection]
    told = codes(api.post(f"/api/v1/{collection}/", body))
    assert sorted(told) == [(field, "not_found") for field in fields]


# --- sentences ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"id": 9, "name": "\xff"}', "The body is not UTF-8, in which JSON is written (RFC 8259, 8.1)."),
        (b"\xff\xfe{", "The body is not UTF-8, in which JSON is written (RFC 8259, 8.1)."),
        (b"[" * 100_000, "The body is nested too deeply. Nothing here takes that."),
        (
            b'{"id": ' + b"9" * 5_000 + b"}",
            "The body is not valid JSON: a number has 5,000 digits; none here has more than 1,000",
        ),
    ],
    ids=["text", "mark", "depth", "digits"],
)
def test_malformed_json_is_told_in_words(api: APIClient, body: bytes, detail: str) -> None:
    answer = api.generic("POST", "/api/v1/vrfs/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (400, detail)


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("projects/{project}/members/", ["user"]),
        ("networks/{network}/prefixes/", ["prefix"]),
        ("claims/", ["name", "owner", "pool"]),
    ],
)
def test_missing_parameter_of_a_deletion_is_required(
    api: APIClient, mini_lab: Network, project: Project, path: str, missing: list[str]
) -> None:
    answer = api.delete(f"/api/v1/{path.format(project=project.pk, network=mini_lab.pk)}")
    assert (answer.status_code, sorted(codes(answer))) == (400, [(name, "required") for name in missing])


def test_reference_that_may_be_a_name_says_so(api: APIClient, mini_lab: Network) -> None:
    answer = api.post("/api/v1/ips/", {"network": mini_lab.pk, "project": "nobody"})
    assert answer.json()["detail"] == "There is no project “nobody”. Check the id or name."


SPOILED: list[tuple[str, dict[str, Any], str]] = [
    ("vrfs", {}, "id is required. Add it."),
    ("vrfs", {"id": None}, "id may not be null. Give it a value."),
    ("vrfs", {"id": "9"}, "id is not a whole number, such as 24."),
    ("vrfs", {"id": 0}, "Ensure id is greater than or equal to 1."),
    ("vrfs", {"id": 9, "name": 1}, "name is not a string."),
    ("partitions", {"id": ""}, "id may not be blank. Give it a value."),
    ("networks", {"type": "private"}, f"type takes no “private”. Use one of: {', '.join(NetworkType.values)}."),
    ("allocations/join", {"ips": "x"}, "ips is not a list."),
    ("allocations/join", {"ips": ["x", NOBODY]}, f"ips.0 is not a UUID, such as {UUID}."),
    ("networks", {"type": "super", "vrf_shared": 1}, "vrf_shared is neither true nor false."),
]


@pytest.mark.parametrize(("path", "body", "detail"), SPOILED)
def test_field_is_called_by_its_name(api: APIClient, db: None, path: str, body: dict[str, Any], detail: str) -> None:
    assert api.post(f"/api/v1/{path}/", body).json()["detail"] == detail


# --- rights first ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "content_type"),
    [("{", "application/json"), ("[" * 9_999, "application/json"), ("a", "text/plain")],
    ids=["cut off", "deep", "text"],
)
def test_reader_is_told_that_and_not_what_is_wrong_with_the_body(operator: User, body: str, content_type: str) -> None:
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(operator, read_only=True)}")
    answer = reader.generic("POST", "/api/v1/vrfs/", body, content_type=content_type)
    assert (answer.status_code, codes(answer)) == (403, [("", "permission_denied")])
