"""The overview of a small installation, and of a large one."""

import pytest
from django.test import Client

from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses
from ipam.models import Network, Project


def text_of(web: Client) -> str:
    return " ".join(web.get("/").content.decode().split())


def test_small_installation_is_shown_whole(web: Client, private: Network) -> None:
    page = text_of(web)
    assert "· 2 networks" in page
    assert 'hx-get="/pairs/"' in page
    assert ("findings as of" in page, "the first" in page) == (False, False)


def test_large_installation_says_what_it_counts_and_of_when_it_is(
    web: Client, private: Network, internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.allocate(private, project=project)
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    monkeypatch.setattr(survey, "MAX_ROOTS", 1)
    page = text_of(web)
    assert "· 3 networks · forecasts and findings as of 20" in page
    assert "a square is a network that space is taken from; the first 1 of them" in page
    assert ">3 networks</a>" in page  # of the partition
    assert 'hx-get="/pairs/"' not in page  # every address would be read each time
