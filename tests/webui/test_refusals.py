"""What a form with a preview says of what is wrong: once, at its field or above all of them."""

import re

import pytest
from django.test import Client

from ipam.domain.networks import networks
from ipam.models import Network, Project
from tests.builders import cidrs, external

HTMX = {"HX-Request": "true"}
ALLOCATE = "/networks/internet/allocate/", {"project": "alice", "families": "both", "count": 1, "type": "static"}
CHANGE = "/networks/pool/prefixes/change/", {"cidr": "198.51.100.0/25", "change": "resize"}
NEW = "/networks/new/", {"type": "external", "id": "other", "vrf": 8, "nat_type": "none", "stack": "ipv4"}
WRONG = {
    "address": (ALLOCATE, {"ip": "192.0.2.1"}, "ip", "192.0.2.1 lies in no prefix"),
    "prefix": (CHANGE, {"wanted": "198.51.100.1/24"}, "wanted", "198.51.100.1/24 has host bits set"),
    "network": (NEW, {"prefixes": "192.0.2.1/24"}, "prefixes", "192.0.2.1/24 has host bits set"),
}
MERGED = "has no prefix 198.51.100.128/25 beside"  # of no field


@pytest.fixture(autouse=True)
def _cast(internet: Network, project: Project) -> None:
    networks.create(external(id="pool", vrf=7, prefixes=cidrs("198.51.100.0/25"), destination_prefixes=()))


def notes(html: str, name: str) -> str:
    """What stands beneath a field as wrong."""
    [found] = re.findall(rf'<span id="id_{name}_error"[^>]*>\s*((?:<span class="field-error">[^<]*</span>)*)', html)
    return str(found)


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("act", [{}, {"preview": "1"}], ids=["sent", "previewed"])
def test_what_is_wrong_of_a_field_stands_once_and_there(web: Client, case: str, act: dict[str, str]) -> None:
    (url, asked), wrong, name, detail = WRONG[case]
    html = web.post(url, asked | wrong | act).content.decode()
    assert (html.count(detail), detail in notes(html, name)) == (1, True)


@pytest.mark.parametrize("case", WRONG)
def test_preview_brings_what_is_wrong_to_its_field(web: Client, case: str) -> None:
    (url, asked), wrong, name, detail = WRONG[case]
    html = web.post(url, asked | wrong | {"preview": "1"}, headers=HTMX).content.decode()
    assert (html.count(detail), detail in notes(html, name)) == (1, True)
    assert f'<span id="id_{name}_error" class="refusals" hx-swap-oob="innerHTML">' in html


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "part"])
def test_what_is_wrong_of_no_field_stands_once_above_all(web: Client, headers: dict[str, str]) -> None:
    url, asked = CHANGE
    html = web.post(url, asked | {"change": "merge", "preview": "1"}, headers=headers).content.decode()
    assert re.findall(r'<div id="refusals"[^>]*>\s*<p class="notice notice-bad" role="alert">([^<]*)', html) == [
        f"pool {MERGED} 198.51.100.0/25. Resize it instead."
    ]
    assert html.count(MERGED) == 1


def test_preview_takes_away_what_is_wrong_no_longer(web: Client) -> None:
    url, asked = ALLOCATE
    html = web.post(url, asked | {"preview": "1"}, headers=HTMX).content.decode()
    assert ("203.0.113.129" in html, notes(html, "ip")) == (True, "")


def test_preview_names_what_is_missing_and_leaves_its_fields_alone(web: Client) -> None:
    url, asked = NEW
    html = web.post(url, asked | {"id": "", "prefixes": "192.0.2.0/24", "preview": "1"}, headers=HTMX).content.decode()
    assert ("Still missing: Id." in html, 'id="id_id_error"' in html) == (True, False)
