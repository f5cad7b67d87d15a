"""Files for deployment and the documentation name what exists, and all of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
SOURCES = [*(ROOT / "webui" / "settings").glob("*.py"), ROOT / "gunicorn.conf.py"]
_READ = re.compile(r"(?:env\.\w+\(|number\(|FileAwareEnv\(\)\.\w+\(|os\.environ(?:\.get\(|\[))\s*\"([A-Z_]+)\"")
VARIABLES = {name for path in SOURCES for name in _READ.findall(path.read_text())} - {"PYTEST_XDIST_WORKER"}
YAML = sorted(DEPLOY.rglob("*.yaml"))
# Of other programs, or names that the files use among themselves.
FOREIGN = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "POD_IP", "PUBLIC_HOSTS"}


def documents() -> list[Any]:
    return [document for path in YAML for document in yaml.safe_load_all(path.read_text())]


def values(node: Any, name: str) -> Iterator[Any]:
    """Every value that stands under this key, at any depth."""
    if isinstance(node, dict):
        yield from ([node[name]] if name in node else [])
        node = list(node.values())
    for one in node if isinstance(node, list) else []:
        yield from values(one, name)


def test_settings_are_found() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "REQUEST_SECONDS", "WEB_THREADS", "METRICS_TOKEN"} <= VARIABLES


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_is_in_the_table_of_settings(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", OPERATIONS, re.MULTILINE)


def test_tables_of_settings_have_no_variable_that_nothing_reads() -> None:
    rows = re.findall(r"^\|([^|]*)\|", OPERATIONS, re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    of_libraries = {"REQUESTS_CA_BUNDLE", "OIDC_CLIENT_SECRET_FILE"}  # requests and django-environ read these
    assert listed - of_libraries == VARIABLES


def test_deployments_set_variables_that_exist() -> None:
    compose, kubernetes = list(values(documents(), "environment")), values(documents(), "env")
    given = {name for block in compose for name in block} | {one["name"] for block in kubernetes for one in block}
    given |= {literal.partition("=")[0] for block in values(documents(), "literals") for literal in block}
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    given |= {name for name in re.findall(r"([A-Z_]+)=", dockerfile) if not name.startswith("PYTHON")}
    assert given - FOREIGN - VARIABLES == set()


def test_deployments_run_commands_that_exist() -> None:
    text = "\n".join(path.read_text() for path in DEPLOY.rglob("*.*") if path.is_file())
    named = set(re.findall(r"manage\.py,? (\w+)", text)) | {
        path.stem.removeprefix("twofold-") for path in (DEPLOY / "systemd").glob("*.timer")
    }
    assert {"migrate", "work", "doctor", "prune_events", "clearsessions"} <= named
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("path", sorted((DEPLOY / "kubernetes").glob("*.yaml")), ids=lambda path: path.stem)
def test_pods_have_no_rights_that_they_do_not_need(path: Path) -> None:
    pods = [spec for spec in values(list(yaml.safe_load_all(path.read_text())), "spec") if "containers" in spec]
    assert [
        pod for pod in pods if not pod["securityContext"]["runAsNonRoot"] or pod["automountServiceAccountToken"]
    ] == []
    limits = [container["securityContext"] for pod in pods for container in pod["containers"]]
    least = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert [limit for limit in limits if limit != least] == []


@pytest.mark.parametrize("link", re.findall(r"\]\(\.\./(deploy[^)]*)\)", OPERATIONS))
def test_documentation_links_to_files_that_exist(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("unit", ["twofold.service", "twofold-work.service", "twofold@.service"])
def test_services_may_write_where_an_embedded_database_lives(unit: str) -> None:
    lines = (DEPLOY / "systemd" / unit).read_text().splitlines()
    assert {"ProtectSystem=strict", "StateDirectory=twofold"} <= set(lines)


def test_history_is_not_pruned_unless_somebody_says_so() -> None:
    jobs = [one for one in documents() if one and one.get("metadata", {}).get("name") == "twofold-prune-events"]
    assert [one["spec"]["suspend"] for one in jobs] == [True]


@pytest.mark.parametrize("file", [".gitignore", ".dockerignore"])
def test_keys_get_neither_into_the_repository_nor_into_images(file: str) -> None:
    assert [line for line in (ROOT / file).read_text().splitlines() if line.endswith("*.secret-key*")]


def test_no_key_is_made_while_an_image_is_built() -> None:
    steps = re.findall(r"RUN .*manage\.py.*", (DEPLOY / "Dockerfile").read_text())
    assert steps
    assert [step for step in steps if not step.startswith("RUN SECRET_KEY=unused ")] == []


# --- Grafana --------------------------------------------------------------------------------------
def panels() -> list[Any]:
    return [one for one in json.loads((DEPLOY / "grafana" / "twofold.json").read_text())["panels"] if "targets" in one]


def metrics_of(panel: Any) -> set[str]:
    return {name for one in panel["targets"] for name in re.findall(r"twofold_\w+", one["expr"])}


def test_dashboard_is_one_that_grafana_imports() -> None:
    board = json.loads((DEPLOY / "grafana" / "twofold.json").read_text())
    assert (board["uid"], board["schemaVersion"] >= 36) == ("twofold", True)
    numbers = [one["id"] for one in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert {one["datasource"]["uid"] for panel in panels() for one in [panel, *panel["targets"]]} == {"${datasource}"}
    assert {"datasource", "job"} == {one["name"] for one in board["templating"]["list"]}


def test_no_panel_of_the_dashboard_lies_over_another() -> None:
    board = json.loads((DEPLOY / "grafana" / "twofold.json").read_text())
    places = [
        (x, y)
        for place in (one["gridPos"] for one in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24


def test_each_family_has_the_same_panels() -> None:
    titles = [panel["title"] for panel in panels()]
    four, six = ([one for one in titles if one.startswith(family)] for family in ("IPv4", "IPv6"))
    assert len(four) == 6
    assert [one.replace("IPv4", "IPv6") for one in four] == six


def test_every_metric_of_the_dashboard_exists(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "token"
    text = client.get("/metrics", headers={"Authorization": "Bearer token"}).content.decode()
    known = {one.name for one in text_string_to_metric_families(text)} | {"twofold_request_seconds_bucket"}
    known |= {f"{name}_total" for name in known}  # counters
    assert {name for panel in panels() for name in metrics_of(panel)} - known == set()


def test_every_metric_of_the_dashboard_is_in_the_documentation() -> None:
    rows = "".join(line for line in OPERATIONS.splitlines() if line.startswith("| `twofold_"))
    rows += "twofold_network_addresses_used twofold_network_addresses_available"  # “…_used”, “…_available”
    wanted = {name.removesuffix("_bucket") for panel in panels() for name in metrics_of(panel)}
    assert {name for name in wanted if name not in rows} == set()
