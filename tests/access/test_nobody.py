"""Closed by default: where nobody has said who asks, nothing is seen and nothing is done."""

import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ipam import errors
from ipam.demo import seeding
from ipam.domain.core import access, lookups, pruning, timelines
from ipam.domain.core.permissions import Permission
from ipam.domain.files import backup
from ipam.domain.health import doctor
from ipam.domain.insight import survey, surveying
from ipam.domain.moving.metal_stack import exporting
from ipam.domain.networks import allocations, search
from ipam.models import Event, Finding, Network, Project, Series
from tests.access.conftest import Cloud
from tests.callers import asked_by_nobody
from tests.domain.core.every_operation import OPERATIONS
from tests.domain.core.world import World

LISTS = ["networks", "ips", "prefixes", "machines", "clusters", "projects", "partitions", "vrfs", "events"]
PAGES = ["networks", "addresses", "machines", "clusters", "projects", "partitions", "vrfs", "activity", "findings"]


# --- reading --------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", access._SCOPES)
def test_nothing_of_any_kind_is_visible(model: type[Any], two: Cloud) -> None:
    assert model.objects.exists()
    assert not asked_by_nobody(lambda: access.visible(model.objects.all()).exists())


READING: dict[str, Callable[[Cloud], Iterable[Any]]] = {
    "search by name": lambda c: search.find("alices"),
    "search by address": lambda c: search.find(str(c.address.address)),
    "findings": lambda c: survey.current_findings().findings,
    "findings, to be paged": lambda c: survey.wanted({}),
    "networks of the overview": lambda c: survey.overview().networks,
    "measured roots": lambda c: survey.root_utilization(),
    "timeline of an object": lambda c: timelines.of_object("machine", c.machine.pk),
    "timeline of a network": lambda c: timelines.of_network(c.internet.pk),
    "timeline of an address": lambda c: timelines.of_address(c.internet.pk, c.address.address),
    "allocations of a network": lambda c: allocations.page_of(c.internet, limit=50)[1],
    "events to prune": lambda c: pruning.older_than(datetime.max.replace(tzinfo=UTC)),
}


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("size", ["large"], indirect=True)
def test_nothing_is_read(name: str, two: Cloud, size: str) -> None:
    assert asked_by_nobody(lambda: list(READING[name](two))) == []


REFUSED: dict[str, Callable[[Cloud], Any]] = {
    "a lookup": lambda c: lookups.get(Network, c.internet.pk),
    "a lookup by name": lambda c: lookups.named(Project, "alice"),
    "an allocation": lambda c: allocations.get(c.address.allocation),
    "a backup": lambda c: list(backup.write()),
    "a document of metal-stack": lambda c: list(exporting.lines()),
    "what the doctor finds": lambda c: list(doctor.examine()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_reading_is_refused(name: str, two: Cloud) -> None:
    with pytest.raises((errors.NotFound, errors.PermissionDenied)):
        asked_by_nobody(lambda: REFUSED[name](two))


@pytest.fixture
def unguarded(settings: Any) -> None:
    """An installation that has forgotten to say who asks."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "webui.middleware.Acting"]


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_the_api_are_empty(name: str, two: Cloud, operator: User, unguarded: None) -> None:
    api = APIClient()
    api.force_authenticate(operator)
    assert asked_by_nobody(lambda: api.get(f"/api/v1/{name}/").json()["results"]) == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_show_nothing(name: str, two: Cloud, operator: User, unguarded: None) -> None:
    web = Client()
    web.force_login(operator)
    page = asked_by_nobody(lambda: web.get(f"/{name}/")).content.decode()
    assert [word for word in ("alice", "mallory", "internet", "mini-lab", "vrfs/77", "10.0.0.0") if word in page] == []


def test_admin_opens_for_nobody(two: Cloud, operator: User, unguarded: None) -> None:
    web = Client()
    web.force_login(operator)
    assert asked_by_nobody(lambda: web.get("/admin/ipam/network/")).status_code in (302, 403)


# --- writing --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_operation_is_carried_out(name: str, operator: User) -> None:
    world = World(operator)
    do, _ = OPERATIONS[name]
    with pytest.raises((errors.PermissionDenied, errors.NotFound)):
        asked_by_nobody(lambda: do(world))
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "fill", [lambda: backup.restore(io.StringIO()), lambda: seeding.seed(networks=2, prefixes=2, addresses=2)]
)
def test_empty_installation_is_not_filled(fill: Callable[[], Any], db: None) -> None:
    with pytest.raises(errors.PermissionDenied):
        asked_by_nobody(fill)


def test_no_survey_is_kept(two: Cloud) -> None:
    before = Finding.objects.count(), Series.objects.count()
    with pytest.raises(errors.PermissionDenied):
        asked_by_nobody(surveying.run)
    assert (Finding.objects.count(), Series.objects.count()) == before


def test_no_event_is_forgotten(two: Cloud) -> None:
    with pytest.raises(errors.PermissionDenied):
        asked_by_nobody(lambda: pruning.prune(datetime.max.replace(tzinfo=UTC)))


@pytest.mark.parametrize("permission", Permission)
def test_refusal_says_what_is_missing(permission: Permission) -> None:
    with pytest.raises(errors.PermissionDenied, match="Nobody has said who asks for this, so nothing is done"):
        asked_by_nobody(lambda: access.require(permission))
