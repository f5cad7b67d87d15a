"""Templates are indented for people; what is sent is not."""

from pathlib import Path

from django.conf import settings
from django.template.loader import get_template
from django.test import Client


def test_pages_leave_out_what_the_lines_of_templates_begin_with(web: Client) -> None:
    lines = web.get("/").content.decode().splitlines()
    assert [line for line in lines if line.startswith((" ", "\t"))] == []


def test_lines_of_a_template_keep_their_numbers() -> None:
    written = Path(settings.BASE_DIR, "templates", "base.html").read_text()
    read = get_template("base.html").template.source
    assert [line.lstrip() for line in written.splitlines()] == read.splitlines()
