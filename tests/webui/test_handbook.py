"""The handbook: docs/ as pages, without internet."""

import re
from urllib.parse import urljoin

import pytest
from django.test import Client

from webui import handbook
from webui.templatetags import terms


def test_every_document_is_a_chapter_and_words_come_first(web: Client) -> None:
    page = web.get("/handbook/").content.decode()
    assert page.index("Words") < page.index("How Twofold is built")
    assert 'id="super-namespaced-network"' in page
    assert web.get("/handbook/nothing/").status_code == 404


@pytest.mark.parametrize("name", handbook.chapters())
def test_links_lead_from_chapter_to_chapter(name: str) -> None:
    for target in re.findall(r'<a href="([^"]+)"', handbook.page(name)):
        if "://" in target:
            continue
        path, _, place = urljoin(f"/handbook/{name}/", target).partition("#")
        found = re.fullmatch(r"/handbook/([a-z-]+)/", path)
        assert found, target
        assert not place or f'id="{place}"' in handbook.page(found[1]), target


def test_terms_lead_to_their_words() -> None:
    words = handbook.page("words")
    for anchor in terms.ANCHORS.values():
        assert f'id="{anchor}"' in words
