"""The description of the API is valid, true, and shown by a page of our own."""

import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from django.utils import timezone
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient
from schemathesis import Case
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from ipam.api import description
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import claims, machines, quota_limits, ranges
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import tokens
from ipam.models import Alert, AlertRule, Event, Network, Project
from tests.builders import IPV4

TRUTHS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
schema.config.generation.update(deterministic=True, max_examples=3, database="none")
schema.config.phases.coverage.unexpected_methods = set()  # 405 is the business of test_problems.py
# Every boundary of every parameter is most of the time: every day a few requests do, in CI all are sent.
schema.config.phases.coverage.enabled = os.environ.get("HYPOTHESIS_PROFILE", "default") != "default"


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
    rule = AlertRule.objects.earliest("id")
    about = {"subject": "vrf", "kind": "pool", "object_id": "vrf", "since": timezone.now()}
    webhook, _ = webhooks.create(targets.resolve("https://1.1.1.1/"), project=project)
    quota = quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=900)
    return {
        "alert-rules": str(rule.pk),
        "alerts": str(Alert.objects.create(rule=rule, severity="info", **about).pk),
        "deliveries": str(webhooks.test(webhook).pk),
        "quotas": str(quota.pk),
        "ranges": str(ranges.create(home, Bounds(inside=home.prefixes.in_order()[0].cidr, last_n=4)).pk),
        "webhooks": str(webhook.pk),
        "allocations": str(address.allocation),
        "claims": str(claims.claim(mini_lab, project=project, name="vip").pk),
        "clusters": str(lifecycle.create(NewCluster(name="web", project=project, network=home), reserve=True).pk),
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
        case.path_parameters["id"] = known["ranges" if "/ranges/" in case.path else case.path.split("/")[3]]
    if "network" in case.path_parameters:
        case.path_parameters["network"] = known["networks"]
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
        "addresses",
        "alert-rules",
        "alerts",
        "allocations",
        "claims",
        "clusters",
        "deliveries",
        "events",
        "findings",
        "forecasts",
        "healthz",
        "ips",
        "machines",
        "networks",
        "partitions",
        "prefixes",
        "projects",
        "quotas",
        "readyz",
        "search",
        "tenures",
        "vrfs",
        "webhooks",
    ]


def test_every_operation_describes_its_refusals() -> None:
    operations = [one for path in described()["paths"].values() for one in path.values()]
    silent = [one["operationId"] for one in operations if "default" not in one["responses"]]
    assert silent == ["api_schema_retrieve", "healthz_retrieve", "readyz_retrieve"]


def test_every_write_has_a_dry_run() -> None:
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
    kinds = ("partitions", "projects", "vrfs", "networks", "machines", "ips", "clusters", "quotas", "webhooks")
    kinds += ("networks_ranges",)
    with_one = {f"{kind}_{verb}" for kind in kinds for verb in ("create", "retrieve", "partial_update")}
    with_one |= {f"alert_rules_{verb}" for verb in ("create", "retrieve", "partial_update", "snooze_create")}
    actions = {"networks_prefixes_create", "networks_families_create", "prefixes_retrieve", "prefixes_partial_update"}
    actions |= {"prefixes_resize_create", "prefixes_merge_create", "ips_move_create", "networks_move_create"}
    verbs = ("reserve", "release", "families", "service_cidrs", "migration", "import", "document")
    actions |= {f"clusters_{verb}_create" for verb in verbs}
    actions |= {"claims_create", "claims_retrieve", "webhooks_rotate_create"}
    assert tagged == with_one - {"ips_create"} | actions


def test_networks_are_made_one_or_many_at_once() -> None:
    made = described()["paths"]["/api/v1/networks/"]["post"]["responses"]["201"]["content"]["application/json"]
    either = described()["components"]["schemas"][made["schema"]["$ref"].rsplit("/", 1)[1]]["oneOf"]
    assert [one["$ref"].rsplit("/", 1)[1] for one in either] == ["Network", "Networks"]


@pytest.fixture
def undescribed() -> None:
    """A process that has not been asked yet."""
    for made in (description._rendered, description._described):
        made.cache_clear()


def test_many_who_ask_at_once_are_told_the_same(undescribed: None) -> None:
    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(lambda _: Client().get("/api/schema/"), range(24)))
    assert ({one.status_code for one in answers}, len({one.content for one in answers})) == ({200}, 1)


def test_description_is_the_same_for_everybody(operator: User) -> None:
    signed_in = Client()
    signed_in.force_login(operator)
    told = [
        Client().get("/api/schema/"),
        signed_in.get("/api/schema/"),
        Client().get("/api/schema/", headers={"Authorization": f"Bearer {tokens.issue(operator)}"}),
        Client().get("/api/schema/", headers={"Authorization": "Bearer of nobody"}),
    ]
    assert [one.content for one in told] == [told[0].content] * 4


@pytest.mark.parametrize("kind", ["application/vnd.oai.openapi", "application/json"])
def test_whoever_has_the_description_is_not_sent_it_again(kind: str) -> None:
    first = Client().get("/api/schema/", headers={"Accept": kind})
    again = Client().get("/api/schema/", headers={"Accept": kind, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (again.headers["Cache-Control"], first.headers["Cache-Control"]) == ("no-cache", "no-cache")


def test_formats_of_the_description_have_tags_of_their_own() -> None:
    kinds = ("application/vnd.oai.openapi", "application/json")
    assert len({Client().get("/api/schema/", headers={"Accept": kind}).headers["ETag"] for kind in kinds}) == 2


def links() -> list[tuple[str, str, str, Any]]:
    """Path, verb, status and link of every link that is described."""
    return [
        (path, verb, status, link)
        for path, operations in described()["paths"].items()
        for verb, operation in operations.items()
        for status, answer in operation["responses"].items()
        for link in answer.get("links", {}).values()
    ]


def test_links_lead_from_what_was_created_to_all_that_can_be_done_with_it() -> None:
    targets = {path: [] for path, verb, _, _ in links() if verb == "post"}
    for path, verb, _, link in links():
        if verb == "post":
            targets[path].append(link["operationId"])
    known = {path: [one["operationId"] for one in verbs.values()] for path, verbs in described()["paths"].items()}
    expected = {
        path: [one for other, names in known.items() if other.startswith(f"{path}{{id}}/") for one in names]
        for path in known
        if "post" in described()["paths"][path] and "{" not in path
    }
    expected["/api/v1/ips/"] += [
        name for verb in ("", "part/", "move/") for name in known[f"/api/v1/allocations/{{id}}/{verb}"]
    ]
    assert {path: sorted(names) for path, names in targets.items()} == {
        path: sorted(names) for path, names in expected.items() if names
    }


# A body that creates one, by its collection.
CREATED: dict[str, dict[str, Any]] = {
    "partitions": {"id": "fra"},
    "projects": {},
    "vrfs": {"id": 900},
    "networks": {"id": "dc", "type": "external", "vrf": 901, "prefixes": ["192.0.2.0/24"]},
    "ips": {"network": "{networks}", "project": "{projects}"},
    "claims": {"pool": "{networks}", "name": "vip", "owner": "{projects}"},
}


@pytest.mark.parametrize("collection", CREATED)
def test_links_can_be_walked(known: dict[str, str], operator: User, collection: str) -> None:
    robot = APIClient()
    robot.force_authenticate(operator)
    body = json.loads(
        json.dumps(CREATED[collection])
        .replace("{networks}", known["networks"])
        .replace("{projects}", known["projects"])
    )
    made = robot.post(f"/api/v1/{collection}/", body)
    assert made.status_code == 201, made.json()
    paths = {one["operationId"]: path for path, verbs in described()["paths"].items() for one in verbs.values()}
    walked = set()
    for path, verb, _, link in links():
        if path == f"/api/v1/{collection}/" and verb == "post" and link["operationId"].endswith("_retrieve"):
            (pointer,) = link["parameters"].values()
            id = resolve(made.json(), pointer.removeprefix("$response.body#"))
            walked.add(robot.get(paths[link["operationId"]].replace("{id}", str(id))).status_code)
    assert walked == {200}


def resolve(document: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) leads to."""
    for step in pointer.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


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
