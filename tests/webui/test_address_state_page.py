"""The abuse mail, answered in the browser: one search, one page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from ipam.domain.networks import addresses, networks
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4, child, namespaced

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def released(clock: time_machine.Traveller, internet: Network, project: Project) -> IPAddress:
    """Alice had it from noon until one; an hour later nobody has it."""
    (held,) = addresses.allocate(internet, project=project, families=[IPV4], name="web")
    clock.shift(3600)
    addresses.release(held)
    clock.shift(3600)
    return held


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_search_for_an_address_that_somebody_had_opens_its_page(web: Client, released: IPAddress) -> None:
    answer = web.get("/search/", {"q": str(released)})
    assert answer["Location"] == f"/addresses/at/{released}/"
    page = text_of(web.get(answer["Location"]))
    assert "free since 2026-10-01 13:00 UTC" in page
    assert "alice" in page


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-10-01 12:30", "<strong>alice</strong> · web, since 2026-10-01 12:00 until 2026-10-01 13:00."),
        ("2026-10-01 13:30", "<strong>nobody</strong>"),
    ],
)
def test_page_says_who_had_it_at_a_moment(web: Client, released: IPAddress, at: str, said: str) -> None:
    assert said in text_of(web.get(f"/addresses/at/{released}/", {"at": at}))


@pytest.mark.parametrize(("ip", "at"), [("10.0.0", ""), ("10.0.0.1", "soon"), ("10.0.0.1", "2999-01-01")])
def test_what_cannot_be_asked_is_refused_in_words(web: Client, db: None, ip: str, at: str) -> None:
    assert web.get(f"/addresses/at/{ip}/", {"at": at}).status_code == 400


def test_held_address_leads_to_its_page(web: Client, internet: Network, project: Project) -> None:
    (held,) = addresses.allocate(internet, project=project, families=[IPV4])
    assert f'href="/addresses/{held.pk}/"' in text_of(web.get(f"/addresses/at/{held}/"))


def test_address_of_a_namespace_is_held_also_where_none_is_named(
    web: Client, clock: time_machine.Traveller, project: Project
) -> None:
    home = networks.create(child(parent=networks.create(namespaced()), project=project))
    (held,) = addresses.allocate(home, project=project, families=[IPV4])
    clock.shift(60)
    for query in ({}, {"namespace": str(project.pk)}):
        page = text_of(web.get(f"/addresses/at/{held}/", {"at": "2026-10-01 12:00:30", **query}))
        assert '<span class="badge">held</span>' in page
        assert "<strong>alice</strong>" in page


def test_lists_lead_to_an_address_in_its_namespace(web: Client, project: Project) -> None:
    home = networks.create(child(parent=networks.create(namespaced()), project=project))
    (held,) = addresses.allocate(home, project=project, families=[IPV4])
    assert f'href="/addresses/at/{held}/?namespace={project.pk}"' in web.get("/activity/").content.decode()


def test_map_of_a_moment_leads_to_an_address_in_its_namespace(
    web: Client, clock: time_machine.Traveller, project: Project
) -> None:
    home = networks.create(child(parent=networks.create(namespaced()), project=project))
    (held,) = addresses.allocate(home, project=project, families=[IPV4])
    clock.shift(60)
    page = unescape(web.get(f"/networks/{home.pk}/map/", {"at": "2026-10-01 12:00"}).content.decode())
    assert f'href="/addresses/at/{held}/?namespace={project.pk}&at=2026-10-01T12:00Z"' in page
