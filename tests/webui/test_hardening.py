"""What protects browsers: headers, cookies, CSRF tokens, and a sign-in that leads nowhere else."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from ipam.models import Machine
from tests.webui.test_pages import pages

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()",
}


def policies(directives: str) -> set[str]:
    return set(directives.split("; "))


@pytest.mark.parametrize(
    "path", ["/", "/networks/", "/networks/nowhere/", "/nowhere", "/api/v1/networks/", "/api/v1/x"]
)
def test_answer_tells_browsers_the_rules(web: Client, path: str) -> None:
    answer = web.get(path)
    given = {name: answer.headers.get(name) for name in HEADERS}
    assert policies(given.pop("Content-Security-Policy") or "") == policies(HEADERS["Content-Security-Policy"])
    assert given == {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}


def test_pages_are_compressed_but_not_what_a_form_answers(web: Client) -> None:
    """A new token stands in the answer to a form alone: its length must tell nothing (BREACH)."""
    asked = {"Accept-Encoding": "gzip"}
    answers = [web.get("/tokens/", headers=asked), web.post("/tokens/", {"name": "ci"}, headers=asked)]
    assert [one.headers.get("Content-Encoding") for one in answers] == ["gzip", None]


def test_static_files_may_be_kept() -> None:
    assert "max-age" in Client().get("/static/css/base.css").headers["Cache-Control"]


_OVER_HTTPS = """
import json, django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("alice", password="correct horse")
client = Client(headers={"X-Forwarded-Proto": "https"})
answer = client.post("/accounts/login/", {"username": "alice", "password": "correct horse"})
plain = Client().get("/networks/")
print(json.dumps({
    "cookies": {name: {k: v for k, v in morsel.items() if v} for name, morsel in answer.cookies.items()},
    "hsts": answer.headers["Strict-Transport-Security"],
    "plain": [plain.status_code, plain.headers["Location"]],
}))
"""


@pytest.fixture(scope="module")
def over_https() -> Any:
    """What a browser gets in production, where HTTPS=true."""
    given = {
        "HTTPS": "true",
        "ALLOWED_HOSTS": "testserver",
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": "sqlite://:memory:",
    }
    environment = {**os.environ, **given, "DJANGO_SETTINGS_MODULE": "webui.settings", "SESSION_HOURS": "2"}
    ran = subprocess.run([sys.executable, "-c", _OVER_HTTPS], env=environment, cwd=settings.BASE_DIR, stdout=-1)
    return json.loads(ran.stdout)


@pytest.mark.parametrize(("name", "hours"), [("__Host-sessionid", 2), ("__Host-csrftoken", 24 * 364)])
def test_cookies_of_production_are_of_this_host_alone(over_https: Any, name: str, hours: int) -> None:
    cookie = over_https["cookies"][name]
    expected = {"path": "/", "samesite": "Lax", "secure": True, "httponly": True, "max-age": hours * 3600}
    assert {key: cookie.get(key) for key in [*expected, "domain"]} == {**expected, "domain": None}


def test_production_is_https_for_a_year(over_https: Any) -> None:
    assert over_https["hsts"] == "max-age=31536000; includeSubDomains; preload"
    assert over_https["plain"] == [301, "https://testserver/networks/"]


# --- where sign-in leads -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "http:///evil.example/", "javascript:alert(1)",
     "\t//evil.example", "https:evil.example", "https://testserver@evil.example/", "data:text/html,x"],
)  # fmt: skip
@pytest.mark.parametrize("how", ["in the query", "in the form"])
def test_sign_in_leads_nowhere_else(client: Client, operator: User, target: str, how: str) -> None:
    given = {"username": "operator", "password": "correct horse"}
    if how == "in the form":
        answer = client.post("/accounts/login/", {**given, "next": target})
    else:
        answer = client.post("/accounts/login/", given, query_params={"next": target})
    assert (answer.status_code, answer.url) == (302, "/")


def test_sign_out_leads_nowhere_else(web: Client) -> None:
    assert web.post("/accounts/logout/", {"next": "https://evil.example/"}).url == "/accounts/login/"


def test_action_on_addresses_leads_back_to_their_list_only(web: Client) -> None:
    assert web.post("/addresses/act/", {"back": "//evil.example/"}).url == "/addresses/?//evil.example/"


# --- CSRF --------------------------------------------------------------------------------------------
_SAMPLES = {
    **{"uuid": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6", "int": "1"},
    **{"family": "ipv4", "section": "vrfs", "cluster_verb": "release", "finding_verb": "accept", "choice": "projects"},
    **{"list": "networks", "card": "projects"},
}
_SIGNED = "/metal/v1/"  # each request is signed, or has a token: a browser's session opens nothing there
# Nobody is asked who they are.
_WITHOUT_SESSION = {"/api/v1/healthz/", "/api/v1/readyz/", "/api/v1/", "/api/schema/"}


def addresses_of_the_site(patterns: Any = None, before: str = "/") -> Iterator[str]:
    """A path for every URL pattern there is, also of the admin and the API."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + _sample(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses_of_the_site(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield path


def _sample(route: str) -> str:
    plain = simplify_regex(route).removeprefix("/") if "^" in route or "(?P" in route else route
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: _SAMPLES.get(found[1], "1"), plain)


ADDRESSES = sorted(set(addresses_of_the_site()))


def test_all_doors_are_walked() -> None:
    assert {"/networks/1/carve/", "/api/v1/ips/1/", "/admin/ipam/network/1/delete/", "/vrfs/new/"} <= set(ADDRESSES)


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
def test_nothing_is_written_without_csrf_token(operator: User, verb: str, headers: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    send = partial(getattr(client, verb), content_type="application/json", headers=headers)
    statuses = {path: send(path).status_code for path in ADDRESSES if not path.startswith(_SIGNED)}
    assert {path for path, status in statuses.items() if status != 403} == _WITHOUT_SESSION
    assert {statuses[path] for path in _WITHOUT_SESSION} == {404, 405}


def test_session_of_a_browser_opens_no_door_of_metal_stack(operator: User, settings: Any) -> None:
    settings.METAL_API = True
    client = Client()
    client.force_login(operator)
    paths = [path for path in ADDRESSES if path.startswith(_SIGNED) and path.count("/") > 3]
    statuses = {client.post(path, content_type="application/json").status_code for path in paths}
    assert (len(paths) > 10, statuses) == (True, {401, 405})


@pytest.fixture
def html(machine: Machine, web: Client) -> dict[str, str]:
    """Every page of the dashboard, by its name."""
    return {name: web.get(url).content.decode() for name, url in pages(machine).items()}


def test_every_form_that_posts_has_a_csrf_token(html: dict[str, str]) -> None:
    forms = [form for page in html.values() for form in re.findall(r'<form[^>]*method="post".*?</form>', page, re.S)]
    assert len(forms) > len(html)
    assert [form for form in forms if 'name="csrfmiddlewaretoken"' not in form] == []


def test_every_page_sends_its_csrf_token_with_htmx(html: dict[str, str]) -> None:
    sends = re.compile(r"<body[^>]*\shx-headers='\{\"X-CSRFToken\": \"\w{64}\"\}'")
    assert [name for name, page in html.items() if not sends.search(page)] == []
