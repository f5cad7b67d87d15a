"""No list of events loads what it does not show: one event may be about every address of an import."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ipam.domain.networks import addresses
from ipam.models import Event, IPAddress, Machine, Network, Project
from tests.builders import IPV4

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
