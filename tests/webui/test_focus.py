"""Which field has the focus when a page opens: on pages of a form its first, or the first that is wrong."""

import re

from django.test import Client

from ipam.models import Machine
from tests.webui.test_pages import pages

# All others are lists, hold more than a form, or ask what a button, a choice or a tick answers.
FOCUSED = {
    "accept a finding": "reason",
    "add prefix": "prefix",
    "addresses for a cluster": "network",
    "allocate": "project",
    "attach address": "machine",
    "carve": "name",
    "change password": "old_password",
    "edit address": "name",
    "edit cluster": "description",
    "edit machine": "name",
    "edit network": "name",
    "edit webhook": "name",
    "move allocation": "network",
    "move network": "project",
    "new alert rule": "name",
    "new external network": "id",
    "new network": "id",
    "new partition": "id",
    "new webhook": "name",
    "plan a cluster": "name",
    "rename a view": "name",
    "save a view": "name",
    "services for a cluster": "ipv4",
    "sign out everywhere": "password",
}


def focused(html: str) -> list[str]:
    """The names of the inputs that ask for the focus."""
    tags = re.findall(r"<(?:input|select|textarea)\b[^>]*\bautofocus\b[^>]*>", html)
    return re.findall(r'\bname="([^"]*)"', "".join(tags))


def test_page_of_a_form_opens_at_its_first_field_and_no_other_page_does(machine: Machine, web: Client) -> None:
    found = {name: focused(web.get(url).content.decode()) for name, url in pages(machine).items()}
    assert {name: names for name, names in found.items() if names} == {name: [one] for name, one in FOCUSED.items()}


def test_form_that_came_back_opens_at_the_first_field_that_is_wrong(web: Client, db: None) -> None:
    answer = web.post("/alert-rules/new/", {"name": "n", "watch": "pool", "fire": "1", "clear": "x"})
    assert focused(answer.content.decode()) == ["clear"]


def test_form_that_shows_what_it_would_do_leaves_the_focus_alone(machine: Machine, web: Client) -> None:
    sent = {"project": "alice", "count": "1", "families": "both", "type": "ephemeral", "preview": "1"}
    answer = web.post("/networks/internet/allocate/", sent)
    assert (answer.status_code, focused(answer.content.decode())) == (200, [])
