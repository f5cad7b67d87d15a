"""The list of addresses: filtered, exported, acted on in bulk."""

import csv
import io
import json

from django.test import Client

from ipam.domain import addresses
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4


def body(answer: object) -> str:
    return b"".join(answer.streaming_content).decode()


def test_list_shows_each_address_with_its_partner(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    rows = web.get("/addresses/?address_family=ipv6").context["rows"]
    assert [(str(row.address), str(row.partner)) for row in rows] == [("2001:db8:0:113::1", "203.0.113.129")]


def test_malformed_filter_is_said_beside_the_list(web: Client, internet: Network) -> None:
    assert "has no prefix length" in web.get("/addresses/?within=10.0.0.0").content.decode()


def test_csv_holds_all_that_is_filtered(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=60, families=[IPV4])
    rows = list(csv.DictReader(io.StringIO(body(web.get("/exports/addresses.csv?address_family=ipv4")))))
    assert (len(rows), rows[0]["ip"], rows[0]["network"]) == (60, "203.0.113.129", "internet")


def test_csv_disarms_formulas(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], name="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in body(web.get("/exports/addresses.csv"))


def test_json_of_nothing_is_an_empty_list(web: Client, db: None) -> None:
    assert json.loads(body(web.get("/exports/addresses.json"))) == []


def test_json_holds_both_families(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    found = json.loads(body(web.get("/exports/addresses.json")))
    assert [one["ip"] for one in found] == ["203.0.113.129", "2001:db8:0:113::1"]


def test_bulk_release_asks_before_it_releases(web: Client, internet: Network, project: Project) -> None:
    taken = addresses.allocate(internet, project=project, count=2)
    asked = {"allocation": sorted({str(one.allocation) for one in taken}), "action": "release"}
    html = web.post("/addresses/act/", asked).content.decode()
    assert ("Release 2 allocations?" in html, IPAddress.objects.count()) == (True, 4)
    web.post("/addresses/act/", asked | {"confirmed": "1"})
    assert IPAddress.objects.count() == 0


def test_bulk_static_changes_every_address_of_the_allocations(web: Client, internet: Network, project: Project) -> None:
    taken = addresses.allocate(internet, project=project)
    web.post("/addresses/act/", {"allocation": [str(taken[0].allocation)], "action": "static"})
    assert list(IPAddress.objects.values_list("type", "generation")) == [("static", 2), ("static", 2)]


def test_bulk_action_on_nothing_says_so(web: Client, db: None) -> None:
    answer = web.post("/addresses/act/", {"action": "release"}, follow=True)
    assert "Nothing was selected" in answer.content.decode()
