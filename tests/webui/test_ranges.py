"""Ranges on the page of a network: laid, changed, taken away; the map and its legend know what is set aside."""

import pytest
from django.test import Client
from django.utils import timezone

from ipam.domain.networks import addresses, networks, projects, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import AddressRange, Network, Project
from tests.builders import IPV4, cidrs, external, ip


@pytest.fixture
def small(db: None) -> Network:
    return networks.create(external(id="small", vrf=9, prefixes=cidrs("198.51.100.0/28"), destination_prefixes=[]))


def test_range_is_laid_and_listed(web: Client, small: Network) -> None:
    form = {"first": "198.51.100.2", "last": "198.51.100.6", "use": "dhcp", "name": "pool"}
    assert web.post("/networks/small/ranges/new/", form).headers["Location"] == "/networks/small/"
    assert 'hx-get="/networks/small/ranges/"' in web.get("/networks/small/").content.decode()
    page = " ".join(web.get("/networks/small/ranges/").content.decode().split())
    assert "198.51.100.2 – 198.51.100.6" in page
    assert "0 of 5 held" in page


def test_refusal_stands_beside_its_field(web: Client, small: Network) -> None:
    ranges.create(small, Bounds(first=ip("198.51.100.2"), last=ip("198.51.100.2")), name="one")
    page = web.post("/networks/small/ranges/new/", {"block": "198.51.100.0/29", "use": "dhcp"})
    assert page.status_code == 200
    assert "overlaps range one" in page.content.decode()


def test_range_is_changed_and_taken_away(web: Client, small: Network) -> None:
    made = ranges.create(small, Bounds(first=ip("198.51.100.2"), last=ip("198.51.100.2")))
    web.post(f"/ranges/{made.pk}/edit/", {"use": "growth", "name": "later"})
    assert AddressRange.objects.values_list("use", "name").get() == ("growth", "later")
    web.post(f"/ranges/{made.pk}/delete/")
    assert not AddressRange.objects.exists()


@pytest.fixture
def cooled(small: Network, project: Project) -> Network:
    """With a range of half of it, and an address that was released."""
    ranges.create(small, Bounds(prefix=cidrs("198.51.100.8/29")[0]))
    networks.update(small, quarantine={IPV4: 24})
    addresses.release_many(addresses.allocate(small, project=project))
    return small


@pytest.mark.parametrize("query", ["", "?mini=1"])
def test_map_tells_reserved_from_cooling(web: Client, cooled: Network, query: str) -> None:
    page = web.get(f"/networks/small/map/{query}").content.decode()
    assert page.count('<rect class="reserved"') == 9  # the range, and the end outside of it
    assert page.count('<rect class="cooling"') == 1
    assert page.count('<pattern id="cooling-ipv4"') == 1
    assert {"swatch-reserved" in page, "swatch-cooling" in page} == {not query}


def test_map_of_a_day_says_that_it_knows_no_ranges(web: Client, cooled: Network) -> None:
    page = " ".join(web.get("/networks/small/map/", {"at": timezone.now().isoformat()}).content.decode().split())
    assert "What ranges kept and what cooled is not known of that day and shown as free." in page
    assert "swatch-cooling" not in page


def test_range_keeps_its_project_where_another_has_the_same_name(web: Client, small: Network, project: Project) -> None:
    at = Bounds(first=ip("198.51.100.2"), last=ip("198.51.100.2"))
    made = ranges.create(small, at, use=AddressRange.Use.BY_NAME, project=project)
    projects.create(name=project.name)
    form = web.get(f"/ranges/{made.pk}/edit/").context["form"]
    shown = {"use": AddressRange.Use.BY_NAME.value, "name": "vips", "project": str(form["project"].value())}
    assert web.post(f"/ranges/{made.pk}/edit/", shown).status_code == 302
    assert AddressRange.objects.values_list("name", "project").get() == ("vips", project.pk)
