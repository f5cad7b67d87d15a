"""Static files after `collectstatic`, as gunicorn serves them; before it, as every other test has them."""

import re
from collections.abc import Iterator

import pytest
import requests
from django.test import Client

from tests.faults.servers import collected, serving

_LINK = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"')
_HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address of a server that has collected its static files."""
    with collected() as static, serving(workers=1, **static) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_collected_files_are_hashed_compressed_and_kept_for_years(site: str) -> None:
    links = [
        link for path in ("/accounts/login/", "/api/docs/", "/admin/login/") for link in linked(site, path) if link
    ]
    assert links
    assert [link for link in links if not _HASHED.search(link)] == []
    for link in links:
        answer = requests.get(site + link, headers={"Accept-Encoding": "gzip"}, timeout=30)
        assert (link, answer.status_code, answer.headers.get("Content-Encoding")) == (link, 200, "gzip")
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"


def linked(site: str, path: str) -> list[str]:
    return _LINK.findall(requests.get(site + path, timeout=30).text)


def test_without_collecting_pages_link_plain_names_that_are_served(client: Client, db: None) -> None:
    links = _LINK.findall(client.get("/accounts/login/").content.decode())
    assert "/static/css/tokens.css" in links
    assert [link for link in links if client.get(link).status_code != 200] == []
