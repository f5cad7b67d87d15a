"""A block, held or free: whose it is, whose it was, and whose it was at a moment."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from ipam.domain.networks import networks
from ipam.models import Network, Project
from tests.builders import child

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
BLOCK = "10.0.0.0/22"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def home(clock: time_machine.Traveller, tenants: Network, project: Project) -> Network:
    return networks.create(child(parent=tenants, project=project, name="nodes"))


@pytest.fixture
def released(clock: time_machine.Traveller, home: Network) -> Network:
    """Alice had it from noon until one; it is two."""
    clock.shift(3600)
    networks.delete(home)
    clock.shift(3600)
    return home


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def page(web: Client, block: str = BLOCK, **query: str) -> str:
    return text_of(web.get(f"/prefixes/at/{block}/", query))


def test_held_block_says_whose_it_is(web: Client, home: Network) -> None:
    assert '<span class="badge">held</span> by <a href="/networks/' + home.pk in page(web)
    assert 'class="held"' in page(web)


def test_block_that_was_given_back_says_since_when_it_is_free(web: Client, released: Network) -> None:
    assert '<span class="badge">free</span>' in page(web)
    assert "free since 2026-10-01 13:00 UTC" in page(web)
    assert "<td>alice</td>" in page(web)


@pytest.mark.parametrize(
    ("block", "state"),
    [
        ("10.0.0.0/23", "free"),
        ("10.0.0.0/20", "partly taken"),
        ("10.0.128.0/24", "free"),
        ("10.0.0.0/16", "held"),
        ("192.0.2.0/24", "outside"),
    ],
)
def test_state_is_that_of_the_whole_block(web: Client, home: Network, block: str, state: str) -> None:
    assert f'<span class="badge">{state}</span>' in page(web, block)


@pytest.mark.parametrize("block", [BLOCK, "10.0.1.0/24"])
@pytest.mark.parametrize(
    ("at", "said"),
    [("2026-10-01 12:30", f"{BLOCK}</span>: <strong>alice</strong> · nodes"), ("2026-10-01 13:30", "<strong>nobody")],
)
def test_page_says_whose_it_was_at_a_moment(web: Client, released: Network, block: str, at: str, said: str) -> None:
    assert said in page(web, block, at=at)


def test_block_beside_it_was_nobodys(web: Client, released: Network) -> None:
    assert "<strong>nobody" in page(web, "10.0.4.0/24", at="2026-10-01 12:30")


@pytest.mark.parametrize(
    ("block", "at"), [("10.0.0.1/22", ""), ("10.0.0/22", ""), (BLOCK, "soon"), (BLOCK, "2999-01-01")]
)
def test_what_cannot_be_asked_is_refused_in_words(web: Client, home: Network, block: str, at: str) -> None:
    assert web.get(f"/prefixes/at/{block}/", {"at": at}).status_code == 400


def test_search_for_a_block_that_somebody_had_opens_its_page(web: Client, released: Network) -> None:
    assert web.get("/search/", {"q": BLOCK})["Location"] == f"/prefixes/at/{BLOCK}/"


def test_search_for_a_held_block_opens_its_map(web: Client, home: Network) -> None:
    assert web.get("/search/", {"q": BLOCK})["Location"].startswith(f"/networks/{home.pk}/map/")
