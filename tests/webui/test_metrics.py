"""What Prometheus gets to see, and who else does."""

import math
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from ipam import errors
from ipam.domain.core.operations import dry_run, operation, transacted
from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, networks, projects
from ipam.domain.notify import targets, webhooks
from ipam.models import Network, Project, Series, Survey
from tests.builders import IPV4, cidrs, external

TOKEN = "a-token-of-prometheus"
Samples = dict[tuple[str, ...], float]


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})


def samples(client: Client, name: str) -> Samples:
    """The samples of a metric by the values of their labels, in the order of the labels' names."""
    families = text_string_to_metric_families(scrape(client).content.decode())
    found = [one for family in families for one in family.samples if one.name == name]
    return {tuple(value for _, value in sorted(one.labels.items())): one.value for one in found}


# --- who ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", TOKEN[1:], "Bearer \xe4"])
def test_without_the_token_there_is_no_such_page(client: Client, db: None, authorization: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": authorization})
    assert (answer.status_code, b"twofold_" in answer.content) == (404, False)


def test_sign_in_does_not_stand_for_the_token(web: Client) -> None:
    assert web.get("/metrics").status_code == 404


def test_without_configured_token_nobody_sees_it(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


# --- how full ----------------------------------------------------------------------------------------
def test_roots_say_how_full_they_are(client: Client, private: Network, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=3, families=[IPV4])
    assert samples(client, "twofold_network_addresses") == {
        ("ipv4", "internet"): 128, ("ipv6", "internet"): 2**64, ("ipv4", "tenants"): 2**16, ("ipv6", "tenants"): 2**64,
    }  # fmt: skip
    assert samples(client, "twofold_network_addresses_used")["ipv4", "internet"] == 3
    assert samples(client, "twofold_network_addresses_used")["ipv4", "tenants"] == 1024
    assert samples(client, "twofold_network_addresses_available")["ipv4", "internet"] == 126 - 3
    assert samples(client, "twofold_network_utilization")["ipv4", "tenants"] == 1024 / 2**16


def test_networks_that_are_shown_are_bounded_and_cost_as_much_as_one(client: Client, internet: Network) -> None:
    scrape(client)
    with CaptureQueriesContext(connection) as few:
        scrape(client)
    for number in range(45):
        prefixes = cidrs(f"192.0.2.{number}/32")
        networks.create(external(id=f"more-{number}", vrf=200_000 + number, prefixes=prefixes, destination_prefixes=[]))
    with CaptureQueriesContext(connection) as many:
        assert len({network for _, network in samples(client, "twofold_network_addresses")}) == 40
    assert len(many) == len(few)


def grown(network: Network, project: Project, clock: time_machine.Traveller) -> None:
    """Two IPv4 addresses more each day for twenty days."""
    for _ in range(20):
        surveying.run()
        clock.shift(86_400)
        addresses.allocate(network, project=project, count=2, families=[IPV4])
    surveying.run()


def test_families_that_run_out_say_in_how_many_days(client: Client, internet: Network, project: Project) -> None:
    with time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=UTC), tick=False) as clock:
        grown(internet, project, clock)
        days = samples(client, "twofold_network_days_left")
        assert days == {("ipv4", "internet", when): 43 for when in ("earliest", "likely", "latest")}
        assert samples(client, "twofold_forecasts") == {("ipv4", "growing"): 1, ("ipv6", "flat"): 1}


def test_day_that_may_never_come_is_left_out(client: Client, internet: Network, project: Project) -> None:
    with time_machine.travel(datetime(2026, 10, 1, 12, tzinfo=UTC), tick=False) as clock:
        grown(internet, project, clock)
        Series.objects.update(full_latest=None)
        assert {when for *_, when in samples(client, "twofold_network_days_left")} == {"earliest", "likely"}


def test_forty_families_that_run_out_first_are_told(client: Client, internet: Network) -> None:
    day, now = date(2026, 12, 1), datetime(2026, 10, 1, tzinfo=UTC)
    Series.objects.bulk_create(
        Series(
            network_id=f"n{number}", family=4, since=now, at=now, used=0, days_until=day, forecast_at=now,
            state="growing", full_earliest=day, full_likely=day + timedelta(days=number), full_latest=day,
        )
        for number in range(45)
    )  # fmt: skip
    told = {network for _, network, _ in samples(client, "twofold_network_days_left")}
    assert told == {f"n{number}" for number in range(40)}


def test_pools_say_what_is_left(client: Client, private: Network) -> None:
    assert samples(client, "twofold_pool_size") == {("vrf",): 131_072, ("asn",): 131_072}
    assert samples(client, "twofold_pool_available") == {("vrf",): 131_071, ("asn",): 131_072}


def test_messages_that_wait_are_counted_unless_their_webhook_is_switched_off(client: Client, db: None) -> None:
    for enabled in (True, False):
        made, _ = webhooks.create(targets.resolve("https://1.1.1.1/"))
        webhooks.test(made)
        webhooks.update(made, enabled=enabled)
    assert samples(client, "twofold_deliveries_waiting") == {(): 1}


def test_findings_are_counted_by_code(client: Client, project: Project) -> None:
    projects.create(name="nobody")
    assert samples(client, "twofold_findings") == {("project_without_networks", "info"): 2}


def test_findings_of_a_large_installation_are_those_of_its_survey(
    client: Client, internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveying.run()
    projects.create(name="nobody")
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert samples(client, "twofold_findings") == {("project_without_networks", "info"): 1}


# --- what happens ------------------------------------------------------------------------------------
def kept(kind: str, verb: str) -> float:
    return REGISTRY.get_sample_value("twofold_changes_total", {"kind": kind, "verb": verb}) or 0


def refused(code: str) -> float:
    return REGISTRY.get_sample_value("twofold_refusals_total", {"code": code}) or 0


@pytest.mark.django_db(transaction=True)
def test_addresses_that_were_allocated_are_counted(internet: Network, project: Project) -> None:
    before = kept("address", "allocate")
    addresses.allocate(internet, project=project, count=3)
    assert kept("address", "allocate") - before == 6


@pytest.mark.django_db(transaction=True)
def test_dry_runs_and_refusals_are_not_counted(internet: Network, project: Project) -> None:
    before = kept("address", "allocate"), refused("exhausted")
    with dry_run():
        addresses.allocate(internet, project=project)
    with pytest.raises(errors.Exhausted), dry_run():
        addresses.allocate(internet, project=project, count=200)
    assert (kept("address", "allocate"), refused("exhausted")) == before


def test_refusals_are_counted_by_code_at_every_door(web: Client, internet: Network, project: Project) -> None:
    before = refused("exhausted")
    with pytest.raises(errors.Exhausted):
        addresses.allocate(internet, project=project, count=200)
    web.post(
        "/networks/internet/allocate/", {"project": project.pk, "count": 200, "families": "both", "type": "static"}
    )
    api = APIClient()
    api.force_authenticate(User.objects.get())
    body = {"network": "internet", "project": str(project.pk), "count": 200}
    assert api.post("/api/v1/ips/", body, headers={"Idempotency-Key": "once"}).status_code == 409
    assert refused("exhausted") - before == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("losses", "counted"), [(1, 0), (100, 1)])
def test_whole_request_that_is_tried_again_is_refused_at_the_end_or_not_at_all(losses: int, counted: int) -> None:
    tries = iter(range(losses))

    @operation
    def lose() -> None:
        if next(tries, None) is not None:
            raise errors.Busy("Others are here.")

    before = refused("busy")
    with suppress(errors.Busy):
        transacted(lose)()
    assert refused("busy") - before == counted


# --- requests ----------------------------------------------------------------------------------------
def test_requests_are_timed_by_route(client: Client, operator: User, internet: Network) -> None:
    client.force_login(operator)
    before = samples(client, "twofold_request_seconds_count").get(("GET", "network", "2xx"), 0)
    client.get("/networks/internet/")
    assert samples(client, "twofold_request_seconds_count")["GET", "network", "2xx"] == before + 1


def test_labels_of_requests_are_bounded(client: Client, db: None) -> None:
    client.generic("BREW", "/nowhere/at/all/?q=1")
    assert samples(client, "twofold_request_seconds_count")["other", "-", "4xx"] >= 1


# --- how old -----------------------------------------------------------------------------------------
def test_age_of_the_last_survey_is_infinite_until_there_is_one(client: Client, internet: Network) -> None:
    assert samples(client, "twofold_survey_age_seconds") == {(): math.inf}
    surveying.run()
    Survey.objects.update(at=F("at") - timedelta(hours=2))
    assert 7200 <= samples(client, "twofold_survey_age_seconds")[()] < 7300
