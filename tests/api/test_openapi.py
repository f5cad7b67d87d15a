"""The description of the API is valid, true, and shown by a page of our own."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
import yaml
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from ipam.domain import claims, clusters, machines, tokens
from ipam.domain.cluster_drafts import NewCluster
from ipam.domain.machines import Attachment
from ipam.models import Event, Network, Project

TRUTHS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
schema.config.generation.update(deterministic=True, max_examples=3, database="none")
schema.config.phases.coverage.unexpected_methods = set()  # 405 is the business of test_problems.py


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests end without closing the connection, and with it the transaction that a test runs in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(one_connection: None, mini_lab: Network, home: Network, project: Project) -> dict[str, str]:
    """A world with one of each, and an id of each collection in it."""
    machine = machines.allocate(
        id="m1", project=project, partition=mini_lab.partition, networks=[Attachment(network=home)], labels={"a": "b"}
    )
    address = mini_lab.addresses.first()
    return {
        "allocations": str(address.allocation),
        "claims": str(claims.claim(mini_lab, project=project, name="vip").pk),
        "clusters": str(clusters.create(NewCluster(name="web", project=project, network=home), reserve=True).pk),
        "events": str(Event.objects.latest("id").pk),
        "ips": str(address.pk),
        "machines": machine.pk,
        "networks": home.pk,
        "partitions": "mini-lab",
        "prefixes": str(home.prefixes.first().pk),
        "projects": str(project.pk),
        "vrfs": "1",
    }


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck))
def test_answers_are_what_the_description_says(case: Case, known: dict[str, str], operator: User) -> None:
    if "id" in case.path_parameters:  # a made-up one would end in 404 almost always
        case.path_parameters["id"] = known[case.path.split("/")[3]]
    case.call_and_validate(headers={"Authorization": f"Bearer {tokens.issue(operator)}"}, checks=TRUTHS)


@cache
def described() -> Any:
    """The same in every test, and a second to make."""
    return yaml.safe_load(Client().get("/api/schema/").content)


def test_description_is_valid_openapi() -> None:
    validate_schema(described())


def test_description_is_also_served_as_json() -> None:
    assert json.loads(Client().get("/api/schema/", headers={"Accept": "application/json"}).content) == described()


def test_every_collection_of_the_contract_is_described() -> None:
    paths = described()["paths"]
    collections = {path.split("/")[3] for path in paths if path.startswith("/api/v1/")}
    assert sorted(collections) == [
        "allocations",
        "claims",
        "clusters",
        "events",
        "healthz",
        "ips",
        "machines",
        "networks",
        "partitions",
        "prefixes",
        "projects",
        "readyz",
        "search",
        "vrfs",
    ]


def test_every_operation_describes_its_refusals() -> None:
    operations = [one for path in described()["paths"].values() for one in path.values()]
    silent = [one["operationId"] for one in operations if "default" not in one["responses"]]
    assert silent == ["api_schema_retrieve", "healthz_retrieve", "readyz_retrieve"]


def test_every_write_can_be_rehearsed() -> None:
    verbs = {"post", "patch", "delete"}
    writes = [one for path in described()["paths"].values() for verb, one in path.items() if verb in verbs]
    assert all("dry_run" in [parameter["name"] for parameter in one["parameters"]] for one in writes)


def test_every_write_takes_a_key_and_a_condition_and_describes_their_refusals() -> None:
    verbs = {"post", "patch", "delete"}
    writes = [one for path in described()["paths"].values() for verb, one in path.items() if verb in verbs]
    headers = [{one["name"] for one in write["parameters"] if one["in"] == "header"} for write in writes]
    assert headers == [{"Idempotency-Key", "If-Match"}] * len(writes)
    assert [write["operationId"] for write in writes if not {"412", "422"} <= set(write["responses"])] == []


def test_answers_of_one_object_describe_their_tag() -> None:
    operations = [one for path in described()["paths"].values() for one in path.values()]
    tagged = {one["operationId"] for one in operations if "ETag" in str(one["responses"])}
    kinds = ("partitions", "projects", "vrfs", "networks", "machines", "ips", "clusters")
    with_one = {f"{kind}_{verb}" for kind in kinds for verb in ("create", "retrieve", "partial_update")}
    actions = {"networks_prefixes_create", "networks_families_create", "prefixes_retrieve"}
    actions |= {f"clusters_{verb}_create" for verb in ("reserve", "release", "families")}
    actions |= {"claims_create", "claims_retrieve"}
    assert tagged == with_one - {"ips_create"} | actions


def test_docs_page_runs_no_inline_script() -> None:
    html = Client().get("/api/docs/").content.decode()
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert scripts
    assert all("src=" in attributes and not text.strip() for attributes, text in scripts)
    assert re.findall(r"\son\w+=", html) == []


def test_docs_page_loads_only_our_own_files() -> None:
    html = Client().get("/api/docs/").content.decode()
    urls = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
    assert urls
    assert [url for url in urls if not url.startswith(("/static/", "/api/"))] == []


def test_files_of_the_docs_page_are_there() -> None:
    html = Client().get("/api/docs/").content.decode()
    urls = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
    assert {url: Client().get(url).status_code for url in urls} == dict.fromkeys(urls, 200)
