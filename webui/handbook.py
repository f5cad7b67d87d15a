"""The documents of docs/ as pages, so that an installation without internet explains itself."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

_CLASSES = {"table_open": "table", "fence": "lines", "code_block": "lines"}


@cache
def chapters() -> dict[str, str]:
    """The title of each document by its name; words first."""
    found = {path.stem: path for path in sorted((settings.BASE_DIR / "docs").glob("*.md"))}
    names = sorted(found, key=lambda name: (name != "words", name))
    return {name: found[name].open(encoding="utf-8").readline().lstrip("# ").strip() for name in names}


@cache
def page(name: str) -> SafeString:
    """A document as HTML: ours, and without HTML of its own. KeyError if there is none."""
    chapters()[name]
    text = (settings.BASE_DIR / "docs" / f"{name}.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for place, token in enumerate(tokens):
        _dress(token, tokens[place + 1 :])
    return SafeString(markdown.renderer.render(tokens, markdown.options, {}))


def _dress(token: Token, following: Sequence[Token]) -> None:
    """Our classes, a place to link to for each heading, and links from document to document."""
    if token.type in _CLASSES:
        token.attrSet("class", _CLASSES[token.type])
    if token.type == "heading_open":
        token.attrSet("id", slugify(following[0].content))
    for link in token.children or ():
        target: Any = link.attrGet("href")
        if link.type == "link_open" and ".md" in target:
            name, _, place = str(target).partition(".md")
            link.attrSet("href", f"../{name}/{place}")
