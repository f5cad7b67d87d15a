"""No list of events loads what it does not show: one event may be about every address of an import."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam.domain.networks import addresses, quota_limits
from ipam.models import Event, IPAddress, Machine, Network, Project
from tests.builders import IPV4
from webui.templatetags import events as words

_LARGE = ("ipam_tenure", "ipam_mention")


def selected(web: Client, url: str) -> list[str]:
    """What statements about events select, as the page is shown."""
    with CaptureQueriesContext(connection) as captured:
        assert web.get(url).status_code == 200
    return [row["sql"].split(" FROM ")[0] for row in captured if 'FROM "ipam_event"' in row["sql"]]


@pytest.mark.parametrize(
    "url", ["/", "/activity/", "/activity/?q=203.0.113.129", "/machines/{machine}/", "/addresses/{address}/",
            "/api/v1/events/", "/api/v1/events/?network=internet", "/api/v1/events/?address=203.0.113.129",
            "/admin/ipam/event/", "/admin/ipam/event/?q=203.0.113.129"],
)  # fmt: skip
def test_list_of_events_selects_neither_all_addresses_nor_their_holders(
    url: str, web: Client, machine: Machine, internet: Network
) -> None:
    address = IPAddress.objects.get(machine=machine, network=internet, family=4)
    found = selected(web, url.format(machine=machine.pk, address=address.pk))
    assert [column for sql in found for column in _LARGE if column in sql] == []
    assert any('"first_addresses"' in sql for sql in found)


def test_event_keeps_its_first_addresses_for_lists(internet: Network, project: Project) -> None:
    rows = addresses.allocate(internet, project=project, families=[IPV4], count=25)
    event = Event.objects.first()
    assert event is not None
    assert event.first_addresses == [str(row.address) for row in rows][:20]


def test_list_says_names_where_events_have_ids(web: Client, internet: Network, project: Project) -> None:
    quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=12_000, network=internet)
    found = " ".join(web.get("/activity/?kind=quota").content.decode().split())
    assert f'href="/projects/{project.pk}/">IPv4 addresses</a>' in found
    assert (f"project: {project}" in found, f"in {internet.name}" in found, "limit: 12,000" in found) == (True,) * 3
    assert found.count(str(project.pk)) == 1  # in that link


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"enabled": [True, False]}, [("enabled", "yes", "no")]),
        ({"shown_url": [None, "https://a/"]}, [("URL", "", "https://a/")]),
        ({"scope": [{}, {"type": "external"}]}, [("scope", "", "type external")]),
        ({"types": [["a", "b"], []]}, [("types", "a, b", "none")]),
        ({"vrf": [None, 104009], "addresses": [0, 2000]}, [("VRF", "", "104009"), ("addresses", "", "2,000")]),
        ({"name": [None, "edge"]}, []),
    ],
)
def test_changes_are_said_in_words(changes: dict[str, Any], said: list[tuple[str, str, str]]) -> None:
    assert words.changes(Event(object_name="edge", changes=changes)) == said


def test_what_has_just_been_done_is_no_minutes_ago() -> None:
    assert words.ago(timezone.now()) == "just now"
