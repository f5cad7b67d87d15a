"""The list of addresses: filtered, exported, acted on in bulk."""

import csv
import io
import json
import re

import pytest
from django.test import Client

from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4
from webui.views import address_acts


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


def test_bulk_static_asks_and_changes_every_address_of_the_allocations(
    web: Client, internet: Network, project: Project
) -> None:
    taken = addresses.allocate(internet, project=project)
    asked = {"allocation": [str(taken[0].allocation)], "action": "static"}
    html = web.post("/addresses/act/", asked).content.decode()
    assert ("Make 1 allocation static?" in html, "203.0.113.129 · 2001:db8:0:113::1" in html) == (True, True)
    assert set(IPAddress.objects.values_list("type", flat=True)) == {"ephemeral"}
    web.post("/addresses/act/", asked | {"confirmed": "1"})
    assert list(IPAddress.objects.values_list("type", "generation")) == [("static", 2), ("static", 2)]


def test_bulk_action_on_nothing_says_so(web: Client, db: None) -> None:
    answer = web.post("/addresses/act/", {"action": "release"}, follow=True)
    assert "Nothing was selected" in answer.content.decode()


def labels() -> list[dict[str, str]]:
    return list(IPAddress.objects.values_list("labels", flat=True))


def test_bulk_label_is_given_to_every_address_beside_what_it_has(
    web: Client, internet: Network, project: Project
) -> None:
    first = addresses.allocate(internet, project=project, labels={"tier": "gold"})
    second = addresses.allocate(internet, project=project, labels={"env": "test"})
    addresses.allocate(internet, project=project)
    chosen = [str(first[0].allocation), str(second[0].allocation)]
    web.post("/addresses/act/", {"allocation": chosen, "action": "label", "label": "env=prod"})
    gold, prod = {"tier": "gold", "env": "prod"}, {"env": "prod"}
    assert labels() == [gold, prod, {}, gold, prod, {}]


def test_bulk_label_may_be_a_key_alone(web: Client, internet: Network, project: Project) -> None:
    taken = addresses.allocate(internet, project=project)
    web.post("/addresses/act/", {"allocation": [str(taken[0].allocation)], "action": "label", "label": "keep"})
    assert labels() == [{"keep": ""}] * 2


@pytest.mark.parametrize("label", ["", "  ", "\n"])
def test_bulk_label_that_is_none_changes_nothing_and_asks_for_one(
    label: str, web: Client, internet: Network, project: Project
) -> None:
    taken = addresses.allocate(internet, project=project)
    asked = {"allocation": [str(taken[0].allocation)], "action": "label", "label": label, "back": "type=static"}
    answer = web.post("/addresses/act/", asked)
    assert answer.context["form"].errors == {"label": ["Type the label as key or key=value."]}
    assert labels() == [{}] * 2
    assert 'name="back" value="type=static"' in answer.content.decode()


@pytest.mark.parametrize("label", ["=prod", "\0=prod", "env=\0"])
def test_bulk_label_that_is_malformed_changes_nothing_and_says_why(
    label: str, web: Client, internet: Network, project: Project
) -> None:
    taken = addresses.allocate(internet, project=project)
    asked = {"allocation": [str(taken[0].allocation)], "action": "label", "label": label}
    answer = web.post("/addresses/act/", asked)
    assert (answer.status_code, len(answer.context["form"].errors), labels()) == (200, 1, [{}] * 2)


def test_bulk_action_goes_back_to_the_list_as_it_was_filtered(web: Client, internet: Network, project: Project) -> None:
    taken = addresses.allocate(internet, project=project)
    asked = {"allocation": [str(taken[0].allocation)], "action": "label", "label": "a=b"}
    answer = web.post("/addresses/act/", asked | {"back": "network=internet&sort=-name"})
    assert answer.url == "/addresses/?network=internet&sort=-name"


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "@evil.example", "\\evil.example"])
def test_bulk_action_never_leads_off_the_site(back: str, web: Client, internet: Network, project: Project) -> None:
    taken = addresses.allocate(internet, project=project)
    asked = {"allocation": [str(taken[0].allocation)], "action": "static", "back": back, "confirmed": "1"}
    assert web.post("/addresses/act/", asked).url.startswith("/addresses/?")


@pytest.mark.parametrize("action", ["", "drop"])
def test_bulk_action_that_is_none_asks_before_anything_happens(
    action: str, web: Client, internet: Network, project: Project
) -> None:
    taken = addresses.allocate(internet, project=project)
    asked = {"allocation": [str(taken[0].allocation)], "action": action}
    assert (web.post("/addresses/act/", asked).status_code, IPAddress.objects.count()) == (200, 2)


def test_bulk_selection_that_is_malformed_is_refused_in_words(web: Client, db: None) -> None:
    answer = web.post("/addresses/act/", {"allocation": ["nonsense"], "action": "static"})
    assert (answer.status_code, "select again" in answer.content.decode()) == (400, True)


@pytest.mark.parametrize("network", ["internet", "Internet Munich", "203.0.113.128/25", "203.0.113.192/26"])
@pytest.mark.parametrize("url", ["/addresses/", "/activity/", "/machines/"])
def test_network_of_a_filter_is_said_by_id_name_or_cidr(url: str, network: str, web: Client, internet: Network) -> None:
    Network.objects.update(name="Internet Munich")
    assert web.get(url, {"network": network}).context["filters"].form.cleaned_data["network"] == ["internet"]


def test_cidr_that_no_network_holds_is_said_beside_the_list(web: Client, internet: Network) -> None:
    html = web.get("/addresses/", {"network": "198.51.100.0/24"}).content.decode()
    assert "There is no network “198.51.100.0/24”. Check the id or name." in html


# --- all that match -------------------------------------------------------------------------------
def test_list_says_how_many_addresses_and_pairs_match(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=3, name="vpn")
    addresses.allocate(internet, project=project, families=[IPV4], name="vpn")
    addresses.allocate(internet, project=project, name="web")
    said = " ".join(web.get("/addresses/?q=vpn").content.decode().split())
    assert "7 addresses match, 3 pairs" in said


def test_all_that_match_are_shown_with_their_number_and_released_once_confirmed(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, count=60, name="gone")
    kept = addresses.allocate(internet, project=project, name="kept")
    asked = {"all": "60", "back": "q=gone", "action": "release"}
    assert "tick all 60 allocations that match" in web.get("/addresses/?q=gone").content.decode()
    answer = web.post("/addresses/act/", asked)
    html = answer.content.decode()
    assert ("Release 60 allocations?" in html, "and 40 more" in html, IPAddress.objects.count()) == (True, True, 122)
    shown = {"allocation": answer.context["keys"], "back": "q=gone", "action": "release", "confirmed": "1"}
    web.post("/addresses/act/", shown)
    assert set(IPAddress.objects.values_list("pk", flat=True)) == {one.pk for one in kept}


@pytest.mark.parametrize("action", ["release", "static", "label", "move"])
def test_nothing_is_done_to_all_that_match_before_they_were_shown(
    action: str, web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    asked = {"all": "1", "back": "q=vpn", "action": action, "label": "env=prod", "confirmed": "1"}
    before = list(IPAddress.objects.values())
    assert web.post("/addresses/act/", asked).status_code == 200
    assert list(IPAddress.objects.values()) == before


def test_what_comes_after_the_preview_is_left_alone(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    answer = web.post("/addresses/act/", {"all": "1", "back": "q=vpn", "action": "release"})
    late = addresses.allocate(internet, project=project, name="vpn")
    web.post("/addresses/act/", {"allocation": answer.context["keys"], "action": "release", "confirmed": "1"})
    assert set(IPAddress.objects.values_list("pk", flat=True)) == {one.pk for one in late}


def test_more_than_one_act_changes_is_refused_with_the_limit(
    web: Client, internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_acts, "MAX_ALLOCATIONS", 2)
    addresses.allocate(internet, project=project, count=3)
    answer = web.post("/addresses/act/", {"all": "3", "back": "", "action": "release"})
    assert (answer.status_code, "Narrow the list" in answer.content.decode()) == (400, True)


def test_malformed_filter_acts_on_nothing(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    answer = web.post("/addresses/act/", {"all": "1", "back": "within=nonsense", "action": "release"})
    assert (answer.status_code, IPAddress.objects.count()) == (400, 2)


@pytest.fixture
def three(internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch) -> list[IPAddress]:
    """Addresses called vpn, mail and web, where a page shows two."""
    monkeypatch.setattr("ipam.domain.core.paging.DEFAULT_LIMIT", 2)
    names = ("vpn", "mail", "web")
    return [addresses.allocate(internet, project=project, name=name, families=[IPV4])[0] for name in names]


def test_page_of_a_network_leads_to_a_search_of_its_allocations(web: Client, three: list[IPAddress]) -> None:
    html = web.get("/networks/internet/").content.decode()
    [(action, inputs)] = re.findall(r'<form class="filters" action="([^"]*)">(.*?)</form>', html, re.S)
    asked = dict(re.findall(r'name="(\w+)"(?: value="([^"]*)")?', inputs))
    assert (action, asked) == ("/addresses/", {"network": "internet", "q": ""})
    assert [row.address for row in web.get(action, asked | {"q": "web"}).context["rows"]] == [three[2]]


def test_only_more_allocations_than_a_page_shows_are_searched(web: Client, three: list[IPAddress]) -> None:
    def is_offered(query: str = "") -> bool:
        return "Search these allocations" in web.get(f"/networks/internet/{query}").content.decode()

    last = web.get("/networks/internet/").context["page"].next
    assert (is_offered(), is_offered(f"?cursor={last}")) == (True, True)
    addresses.release(three[2])
    assert not is_offered()
