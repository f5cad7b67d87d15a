"""Nothing is styled, drawn or decided that no page has."""

import re
from pathlib import Path

from webui.settings import BASE_DIR

# Of Django's own pages and scripts.
FOREIGN = {"errorlist", "select2-container"}
PLAIN = {"heat-4"}  # what needs no rule: the colour of the lane itself
SOURCES = ["templates/**/*.html", "static/js/*.js", "webui/**/*.py", "ipam/admin/*.py", "ipam/forms/*.py"]


def text_of(*patterns: str, but: str = "") -> str:
    """All files that match, but for those with this in their path."""
    found = [path for one in patterns for path in sorted(Path(BASE_DIR).glob(one)) if not but or but not in str(path)]
    return "\n".join(path.read_text() for path in found)


def test_every_class_that_is_styled_is_on_some_page() -> None:
    plain = re.sub(r'/\*.*?\*/|url\([^)]*\)|"[^"]*"', "", text_of("static/css/*.css"), flags=re.DOTALL)
    written = text_of(*SOURCES)
    words = set(re.findall(r"[A-Za-z_][\w-]*", written)) | FOREIGN
    beginnings = tuple(re.findall(r"([a-z]+-)\{", written))  # `signal-{state}`, `kind-{{ severity }}`
    styled = set(re.findall(r"\.([A-Za-z_][\w-]*)", plain)) - words
    assert sorted(name for name in styled if not name.startswith(beginnings) and not re.fullmatch(r"p\d", name)) == []


def test_every_token_is_used() -> None:
    css = text_of("static/css/*.css", but="/admin.css")  # which sets Django's
    assert set(re.findall(r"(--[\w-]+):", css)) - set(re.findall(r"var\((--[\w-]+)", css)) == set()


def test_every_icon_is_drawn_somewhere() -> None:
    icons = set(re.findall(r'<symbol id="([^"]+)"', text_of("static/img/icons.svg")))
    drawn = re.findall(r"{% icon '([^']+)'", text_of("templates/**/*.html"))
    listed = re.findall(r'"([a-z]+)"', text_of("webui/context.py", "webui/palette.py", "webui/verbs.py"))
    assert icons - {*drawn, *listed} == set()


def test_every_class_that_a_page_writes_out_is_known_to_a_style_sheet_or_a_script() -> None:
    known = set(re.findall(r"\.([A-Za-z_][\w-]*)", text_of("static/css/*.css", "static/js/*.js")))
    written = re.findall(r'class="([\w -]+)"', text_of("templates/**/*.html", "webui/**/*.py", but="/admin"))
    assert sorted({name for names in written for name in names.split()} - known - PLAIN) == []
