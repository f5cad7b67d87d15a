"""Variables and the file of groups: what is read, and what is told when it is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured

from ipam.models.roles import Role
from tests.test_architecture import ROOT
from webui import checks, group_roles

PROJECT = "4b9b17c4-0000-4000-8000-000000000001"
OIDC = {
    "OIDC_ISSUER": "https://id.example.org/realms/dc",
    "OIDC_CLIENT_ID": "twofold",
    "OIDC_CLIENT_SECRET": "hidden",
    "OIDC_AUTHORIZATION_ENDPOINT": "https://id.example.org/auth",
    "OIDC_TOKEN_ENDPOINT": "https://id.example.org/token",
    "OIDC_JWKS_URI": "https://id.example.org/certs",
}


def started_with(**variables: str) -> subprocess.CompletedProcess[str]:
    """What settings a process has that is started with these variables."""
    code = (
        "from django.conf import settings as s\n"
        "print(s.AUTHENTICATION_BACKENDS, getattr(s, 'OIDC_RP_CLIENT_SECRET', None), getattr(s, 'OIDC_USE_PKCE', None))"
    )
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webui.settings", **variables}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_provider_is_off_unless_its_issuer_is_named() -> None:
    assert started_with().stdout == (
        "['axes.backends.AxesStandaloneBackend', 'django.contrib.auth.backends.ModelBackend', "
        "'webui.backends.RoleBackend'] None None\n"
    )


def test_provider_alone_signs_in_when_local_passwords_are_off() -> None:
    assert started_with(**OIDC, LOCAL_PASSWORDS="false").stdout == (
        "['axes.backends.AxesStandaloneBackend', 'webui.oidc.ProviderBackend', 'webui.backends.RoleBackend'] "
        "hidden True\n"
    )


def test_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden in a file\n")
    variables = {**OIDC, "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    assert " hidden in a file True" in started_with(**variables).stdout


@pytest.mark.parametrize("missing", sorted(set(OIDC) - {"OIDC_ISSUER"}))
def test_variable_that_is_missing_stops_the_start_and_is_named(missing: str) -> None:
    started = started_with(**{name: value for name, value in OIDC.items() if name != missing})
    assert (started.returncode, f"Set the {missing} environment variable" in started.stderr) == (1, True)


# --- the file of groups ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        f"ops: {{role: operator}}\nteam: {{role: editor, project: {PROJECT}}}",
        json.dumps({"ops": [{"role": "operator"}], "team": [{"role": "editor", "project": PROJECT}]}),
    ],
)
def test_file_of_groups_is_yaml_or_json(text: str, tmp_path: Path) -> None:
    (tmp_path / "roles").write_text(text)
    assert group_roles.read(str(tmp_path / "roles")) == {
        "ops": [(None, Role.OPERATOR)],
        "team": [(UUID(PROJECT), Role.EDITOR)],
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ops: {role: king}", "is no role of the platform"),
        ("ops: {role: owner}", "is no role of the platform"),
        (f"team: {{role: operator, project: {PROJECT}}}", "is no role of a project"),
        ("team: {role: editor, project: alice}", "badly formed hexadecimal UUID string"),
        ("ops: {role: operator, projekt: x}", "is no role of the platform"),
        ("ops: operator", "string indices must be integers"),
        ("ops: {project: }", "one of the hex, bytes"),
        ("- ops", "no attribute 'items'"),
        ("ops: [", "while parsing"),
        (None, "No such file"),
    ],
)
def test_file_of_groups_that_is_wrong_is_reported_by_check(
    text: str | None, why: str, tmp_path: Path, settings: Any
) -> None:
    path = tmp_path / "roles.yaml"
    if text is not None:
        path.write_text(text)
    settings.OIDC_ISSUER, settings.OIDC_ROLES = "https://id.example.org", str(path)
    with pytest.raises(ImproperlyConfigured, match=why):
        group_roles.read(str(path))
    assert [error.id for error in checks.check_groups_give_roles()] == ["webui.E004"]


def test_nobody_could_sign_in_is_reported_by_check(settings: Any) -> None:
    assert checks.check_somebody_can_sign_in() == []
    settings.LOCAL_PASSWORDS = False
    assert [error.id for error in checks.check_somebody_can_sign_in()] == ["webui.E005"]


@pytest.mark.parametrize(
    ("token", "found"), [("http://id.example.org/token", ["webui.E006"]), ("https://id/token", [])]
)
def test_provider_without_tls_is_reported_by_check(token: str, found: list[str], settings: Any) -> None:
    settings.OIDC_ISSUER = settings.OIDC_OP_AUTHORIZATION_ENDPOINT = settings.OIDC_OP_JWKS_ENDPOINT = "https://id"
    settings.OIDC_OP_TOKEN_ENDPOINT = token
    assert [error.id for error in checks.check_provider_is_reached_by_tls()] == found
