"""The page of one address: its pair, its DNS lines, and changing both addresses at once."""

from typing import Any

import pytest
from django.test import Client

from ipam.domain.networks import addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Event, IPAddress, Network, Partition, Project
from tests.builders import IPV4, IPV6
from tests.shared import shared_fixture


@shared_fixture
def pair(internet: Network, project: Project) -> list[IPAddress]:
    return addresses.allocate(internet, project=project, name="Web Front", labels={"tier": "gold"})


def edited(web: Client, one: IPAddress, **changes: str) -> Any:
    """The answer to the edit form, sent as it was shown but for `changes`."""
    url = f"/addresses/{one.pk}/edit/"
    form = web.get(url).context["form"]
    return web.post(url, {name: form[name].value() for name in form.fields} | changes)


def test_both_addresses_of_a_pair_have_one_page(web: Client, pair: list[IPAddress]) -> None:
    shown = [web.get(f"/addresses/{one.pk}/").context["held"] for one in pair]
    assert shown == [pair, pair]


def test_dns_lines_are_of_both_families_to_copy(web: Client, pair: list[IPAddress]) -> None:
    answer = web.get(f"/addresses/{pair[0].pk}/")
    lines = [line for line in answer.context["dns"].splitlines() if not line.startswith(";")]
    assert [line.split(" IN ")[1].split()[0] for line in lines] == ["A", "AAAA", "PTR", "PTR"]
    assert lines[0].endswith("IN A 203.0.113.129")
    assert f'data-copy="{answer.context["dns"]}"' in answer.content.decode()


def test_neighbours_on_the_map_are_those_of_the_address(web: Client, pair: list[IPAddress]) -> None:
    html = web.get(f"/addresses/{pair[0].pk}/").content.decode()
    assert 'href="/networks/internet/map/?ipv4=203.0.113.128/25&amp;look=203.0.113.129"' in html
    assert 'href="/networks/internet/map/?ipv6=2001:db8:0:113::/120&amp;look=2001:db8:0:113::1"' in html


def test_tag_that_is_no_label_is_told_too(web: Client, internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], labels={"svc": "a"}, tags=["svc=b"])
    assert "svc=b" in web.get(f"/addresses/{one.pk}/").content.decode()


def test_half_of_a_pair_says_what_it_lacks(web: Client, internet: Network, project: Project) -> None:
    (half,) = addresses.allocate(internet, project=project, families=[IPV4])
    assert "It has no address of the other family." in web.get(f"/addresses/{half.pk}/").content.decode()


def test_other_half_of_the_host_is_joined_and_parted_again(web: Client, internet: Network, project: Project) -> None:
    held = [addresses.allocate(internet, project=project, families=[one], name="web")[0] for one in (IPV4, IPV6)]
    html = web.get(f"/addresses/{held[0].pk}/").content.decode()
    assert ("“web” has an IPv6 address by itself" in html, "Join with 2001:db8:0:113::1" in html) == (True, True)
    joined = web.post("/allocations/join/", {"ips": [one.pk for one in held]}, follow=True)
    assert "203.0.113.129 and 2001:db8:0:113::1 are one allocation now" in joined.content.decode()
    (allocation,) = set(IPAddress.objects.values_list("allocation", flat=True))
    assert f'action="/allocations/{allocation}/part/"' in joined.content.decode()
    web.post(f"/allocations/{allocation}/part/")
    assert len(set(IPAddress.objects.values_list("allocation", flat=True))) == 2


def test_editing_changes_both_addresses_at_once(web: Client, pair: list[IPAddress]) -> None:
    wanted = {"name": "www", "type": "static", "description": "Front", "labels": "tier=silver\nkeep"}
    answer = edited(web, pair[1], **wanted, confirmed="1")
    assert answer.url == f"/addresses/{pair[1].pk}/"
    assert (
        list(IPAddress.objects.values_list("name", "type", "description", "labels"))
        == [("www", "static", "Front", {"tier": "silver", "keep": ""})] * 2
    )


def test_editing_asks_before_addresses_become_static(web: Client, pair: list[IPAddress]) -> None:
    html = edited(web, pair[1], name="www", type="static").content.decode()
    assert "This cannot be undone: 203.0.113.129 and 2001:db8:0:113::1 will stay until released" in html
    assert set(IPAddress.objects.values_list("type", "name")) == {("ephemeral", "Web Front")}


def test_form_that_nobody_changed_changes_nothing(web: Client, pair: list[IPAddress]) -> None:
    edited(web, pair[0])
    assert (
        list(IPAddress.objects.values_list("name", "type", "labels"))
        == [("Web Front", "ephemeral", {"tier": "gold"})] * 2
    )


def test_edit_is_one_event_of_the_dashboard(web: Client, pair: list[IPAddress]) -> None:
    edited(web, pair[0], name="www")
    event = Event.objects.all()[0]
    assert (event.verb, event.door, event.actor, event.count) == ("update", "dashboard", "operator", 2)


def test_static_stays_static_and_the_form_says_so_at_its_field(web: Client, pair: list[IPAddress]) -> None:
    addresses.make_static(pair)
    form = edited(web, pair[0], type="ephemeral", name="www").context["form"]
    assert form.errors == {
        "type": ["203.0.113.129 is static and stays so: something outside may rely on it. Release it and take another."]
    }
    assert set(IPAddress.objects.values_list("type", "name")) == {("static", "Web Front")}


def test_address_of_nobody_offers_its_release(web: Client, pair: list[IPAddress]) -> None:
    html = web.get(f"/addresses/{pair[0].pk}/").content.decode()
    assert f'href="/allocations/{pair[0].allocation}/release/"' in html


def test_address_of_a_machine_offers_no_release(
    web: Client, private: Network, project: Project, partition: Partition
) -> None:
    machines.allocate(id="m1", project=project, partition=partition, networks=[Attachment(network=private)])
    html = web.get(f"/addresses/{IPAddress.objects.all()[0].pk}/").content.decode()
    assert ("/release/" in html, 'href="/machines/m1/"' in html) == (False, True)


@pytest.mark.parametrize("page", ["", "edit/"])
def test_address_that_was_released_is_a_page_that_says_so(page: str, web: Client, pair: list[IPAddress]) -> None:
    addresses.release_many(pair)
    assert web.get(f"/addresses/{pair[0].pk}/{page}").status_code == 404


def test_search_for_a_taken_address_opens_its_page(web: Client, internet: Network, project: Project) -> None:
    (half,) = addresses.allocate(internet, project=project, families=[IPV4], name="vpn")
    answer = web.get("/search/?q=203.0.113.129", HTTP_HX_REQUEST="true")
    assert f'href="/addresses/{half.pk}/"' in answer.content.decode()
