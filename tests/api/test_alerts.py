"""Alert rules, alerts and marks of findings over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, networks
from ipam.models import Alert, AlertRule, Delivery, Event, Letter, Network, Project, Webhook
from tests.api.conftest import codes, results
from tests.builders import IPV4, cidrs, external

RULES, ALERTS, FINDINGS = "/api/v1/alert-rules/", "/api/v1/alerts/", "/api/v1/findings/"
RULE: dict[str, Any] = {"name": "full", "watch": "utilization", "fire": "80", "clear": "75", "severity": "warning"}
POOL = {"watch": "pool", "fire": "3", "clear": "4"}
ME = "noc@example.org"


def later(**much: float) -> str:
    return (timezone.now() + timedelta(**much)).isoformat()


@pytest.fixture
def hook(db: None) -> Webhook:
    return Webhook.objects.create(name="chat", url="https://chat.example.org/", secret="sealed")


@pytest.fixture
def narrow(project: Project) -> Network:
    """A network of which all 254 IPv4 addresses are taken; rules on days are gone."""
    AlertRule.objects.filter(watch="days_left").delete()
    made = networks.create(external(id="narrow", vrf=7, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=[]))
    addresses.allocate(made, project=project, families=[IPV4], count=254)
    return made


# --- rules ----------------------------------------------------------------------------------------
def test_installation_begins_with_rules_that_tell_nobody(api: APIClient) -> None:
    rules = api.get(RULES).json()["results"]
    assert [(one["watch"], one["fire"], one["clear"], one["severity"]) for one in rules[:4]] == [
        ("utilization", "80", "75", "warning"),
        ("utilization", "95", "90", "serious"),
        ("days_left", "60", "75", "warning"),
        ("days_left", "21", "30", "serious"),
    ]
    assert {one["watch"] for one in rules[4:]} == {"children_left", "pool"}
    assert {(one["enabled"], tuple(one["destinations"])) for one in rules} == {(True, ())}


def test_rule_is_shown_as_it_was_made(api: APIClient, hook: Webhook) -> None:
    body = {
        **RULE,
        "address_family": "ipv4",
        "scope": {"type": "external", "label": "stage=prod"},
        "destinations": [{"webhook": hook.pk}, {"mail": ME}],
        "enabled": False,
    }
    made = api.post(RULES, body)
    assert made.status_code == 201, made.json()
    assert {name: made.json()[name] for name in body} == body
    assert made.json()["code"] is None
    assert api.get(f"{RULES}{made.json()['id']}/").json() == made.json()


def test_names_in_a_scope_become_ids(api: APIClient, project: Project) -> None:
    assert api.post(RULES, {**RULE, "scope": {"project": "alice"}}).json()["scope"] == {"project": str(project.pk)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"clear": "80"}, [("clear", "invalid")]),
        ({"clear": "81"}, [("clear", "invalid")]),
        ({"clear": "0.75"}, [("clear", "invalid")]),
        ({"fire": "101"}, [("fire", "invalid")]),
        ({"fire": None}, [("fire", "required")]),
        ({"fire": "-1"}, [("fire", "invalid")]),
        ({"fire": "80 %"}, [("fire", "invalid")]),
        ({"watch": "days_left", "fire": "30", "clear": "21"}, [("clear", "invalid")]),
        ({"watch": "children_left", "fire": "4", "clear": "4"}, [("clear", "invalid")]),
        ({"watch": "pool", "fire": "4", "clear": "3"}, [("clear", "invalid")]),
        ({**POOL, "scope": {"type": "child"}}, [("scope", "forbidden_field")]),
        ({**POOL, "address_family": "ipv4"}, [("address_family", "forbidden_field")]),
        ({"watch": "weather"}, [("watch", "invalid")]),
        ({"watch": "finding"}, [("code", "invalid"), ("fire", "forbidden_field"), ("clear", "forbidden_field")]),
        ({"code": "unused_static"}, [("code", "forbidden_field")]),
        (
            {"scope": {"network": "nowhere", "partition": "nowhere"}},
            [("scope.partition", "not_found"), ("scope.network", "not_found")],
        ),
        ({"scope": {"colour": "red"}}, [("scope.colour", "unknown_field")]),
        ({"destinations": [{"mail": "nobody"}]}, [("destinations.0.mail", "invalid")]),
        ({"destinations": [{"webhook": 7}]}, [("destinations.0.webhook", "not_found")]),
        ({"destinations": [{}]}, [("destinations.0", "invalid")]),
        ({"severity": "bad"}, [("severity", "invalid")]),
        ({"name": ""}, [("name", "invalid")]),
    ],
)  # fmt: skip
def test_rule_says_what_is_wrong_with_it_and_is_not_made(
    change: dict[str, Any], expected: list[tuple[str, str]], api: APIClient
) -> None:
    before = AlertRule.objects.count()
    response = api.post(RULES, {**RULE, **change})
    assert codes(response) == expected
    assert AlertRule.objects.count() == before


def test_finding_is_watched_by_its_code(api: APIClient) -> None:
    made = api.post(RULES, {"name": "f", "watch": "finding", "code": "unused_static", "severity": "info"}).json()
    assert (made["code"], made["fire"], made["clear"]) == ("unused_static", None, None)


def test_rule_changes_but_for_what_it_watches(api: APIClient) -> None:
    key = api.post(RULES, RULE).json()["id"]
    changed = api.patch(f"{RULES}{key}/", {"fire": "0.9", "clear": "0.8", "destinations": [{"mail": ME}]}).json()
    assert (changed["fire"], changed["clear"], changed["destinations"]) == ("0.9", "0.8", [{"mail": ME}])
    assert codes(api.patch(f"{RULES}{key}/", {"watch": "pool"})) == [("watch", "unknown_field")]
    assert codes(api.patch(f"{RULES}{key}/", {"clear": "0.95"})) == [("clear", "invalid")]
    assert api.delete(f"{RULES}{key}/").status_code == 204


def test_history_says_who_is_told(api: APIClient, hook: Webhook) -> None:
    key = api.post(RULES, RULE).json()["id"]
    api.patch(f"{RULES}{key}/", {"destinations": [{"webhook": hook.pk}, {"mail": ME}]})
    event = Event.objects.latest("id")
    assert (event.kind, event.verb) == ("alert-rule", "update")
    assert event.changes == {"destinations": [[], [f"webhook {hook}", ME]]}


def test_webhook_that_is_deleted_is_no_destination(api: APIClient, hook: Webhook) -> None:
    key = api.post(RULES, {**RULE, "destinations": [{"webhook": hook.pk}]}).json()["id"]
    hook.delete()
    assert api.get(f"{RULES}{key}/").json()["destinations"] == []


def test_destination_is_tried_by_mail(api: APIClient, django_capture_on_commit_callbacks: Callable[..., Any]) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = api.post(f"{RULES}test/", {"destination": {"mail": ME}})
    assert (response.status_code, [one.to for one in mail.outbox]) == (202, [[ME]])
    assert not Letter.objects.exists()


def test_destination_is_tried_by_webhook(api: APIClient, hook: Webhook) -> None:
    assert api.post(f"{RULES}test/", {"destination": {"webhook": hook.pk}}).status_code == 202
    assert Delivery.objects.get().type == "webhook.ping"


def test_dry_run_of_a_test_sends_nothing(
    api: APIClient, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert api.post(f"{RULES}test/?dry_run=true", {"destination": {"mail": ME}}).json()["dry_run"] is True
    assert (mail.outbox, Letter.objects.count()) == ([], 0)


# --- alerts ---------------------------------------------------------------------------------------
def test_alert_is_shown_whole(api: APIClient, narrow: Network) -> None:
    surveying.run()
    (alert,) = api.get(ALERTS, {"severity": "serious"}).json()["results"]
    rule = AlertRule.objects.get(fire=95)
    assert alert == {
        "id": Alert.objects.get(rule=rule).pk,
        "rule": rule.pk,
        "kind": "network",
        "object": "narrow",
        "name": "",
        "network": "narrow",
        "project": None,
        "address_family": "ipv4",
        "severity": "serious",
        "state": "firing",
        "value": "100.000",
        "threshold": "95",
        "since": alert["since"],
        "cleared_at": None,
        "reason": "",
        "acknowledged_by": None,
        "snoozed_until": None,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 2),
        ("state=firing", 2),
        ("state=cleared", 0),
        ("severity=warning", 1),
        ("network=narrow", 2),
        ("project=null", 2),
        ("project=alice", 0),
        ("object=narrow", 2),
        ("kind=pool", 0),
        ("count=true", 2),
    ],
)
def test_alerts_are_narrowed(query: str, expected: int, api: APIClient, narrow: Network) -> None:
    surveying.run()
    assert len(api.get(f"{ALERTS}?{query}").json()["results"]) == expected


def test_alert_is_acknowledged_with_a_reason(api: APIClient, narrow: Network) -> None:
    surveying.run()
    key = Alert.objects.latest("id").pk
    assert codes(api.post(f"{ALERTS}{key}/acknowledge/", {})) == [("reason", "required")]
    found = api.post(f"{ALERTS}{key}/acknowledge/", {"reason": "a prefix comes on Monday"}).json()
    assert (found["acknowledged_by"], found["reason"]) == ("operator", "a prefix comes on Monday")
    event = Event.objects.latest("id")
    assert (event.verb, event.object_id) == ("acknowledge", str(key))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"reason": "known"}, [("until", "required")]),
        ({"until": later(days=1)}, [("reason", "required")]),
        ({"until": later(days=-1), "reason": "known"}, [("until", "invalid")]),
        ({"until": later(days=366), "reason": "known"}, [("until", "invalid")]),
        ({"until": "tomorrow", "reason": "known"}, [("until", "invalid")]),
        ({"until": later(days=1), "reason": " "}, [("reason", "required")]),
    ],
)
@pytest.mark.parametrize("place", ["alerts/{alert}", "alert-rules/{rule}"])
def test_snooze_ends_within_a_year_and_has_a_reason(
    place: str, body: dict[str, Any], expected: list[tuple[str, str]], api: APIClient, narrow: Network
) -> None:
    surveying.run()
    alert = Alert.objects.latest("id")
    url = f"/api/v1/{place.format(alert=alert.pk, rule=alert.rule_id)}/snooze/"
    assert codes(api.post(url, body)) == expected
    alert.refresh_from_db()
    assert alert.snoozed_until is None


def test_alert_and_rule_are_snoozed(api: APIClient, narrow: Network) -> None:
    surveying.run()
    first, second = Alert.objects.order_by("id")
    until = later(days=1)
    assert api.post(f"{ALERTS}{first.pk}/snooze/", {"until": until, "reason": "x"}).json()["snoozed_until"] is not None
    body = {"network": "narrow", "until": until, "reason": "moving"}
    assert api.post(f"{RULES}{second.rule_id}/snooze/", body).status_code == 200
    assert [one["snoozed_until"] is None for one in api.get(ALERTS).json()["results"]] == [False, False]


def test_alert_that_is_over_takes_nothing_more(api: APIClient, narrow: Network) -> None:
    surveying.run()
    key = Alert.objects.latest("id").pk
    Alert.objects.update(state="cleared", cleared_at=timezone.now())
    assert api.post(f"{ALERTS}{key}/acknowledge/", {"reason": "x"}).json()["code"] == "wrong_state"


def test_alert_has_no_tag_to_ask_for(api: APIClient, narrow: Network) -> None:
    surveying.run()
    url = f"{ALERTS}{Alert.objects.latest('id').pk}/acknowledge/"
    assert api.post(url, {"reason": "x"}, headers={"If-Match": '"1"'}).status_code == 412


# --- findings -------------------------------------------------------------------------------------
@pytest.fixture(params=["small", "large"])
def finding(request: pytest.FixtureRequest, tenants: Network, project: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of the only finding: a project without networks."""
    surveying.run()
    if request.param == "large":
        monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    return f"project_without_networks:project:{project.pk}:"


@pytest.mark.parametrize(("verb", "more"), [("snooze", {"until": later(days=1)}), ("accept", {})])
def test_marked_finding_is_shown_only_when_it_is_asked_for(
    verb: str, more: dict[str, Any], api: APIClient, finding: str
) -> None:
    assert results(api.get(FINDINGS), "key") == [finding]
    body = {"key": finding, "reason": "spare", **more}
    marked = api.post(f"{FINDINGS}{verb}/", body).json()
    assert marked["key"] == finding
    assert results(api.get(FINDINGS), "key") == []
    assert api.get(f"{FINDINGS}?snoozed=true").json()["results"] == [marked]
    assert (marked["reason"], marked["until"] and later(days=0) < marked["until"]) == ("spare", bool(more) or None)
    surveying.run()
    assert results(api.get(FINDINGS), "key") == []
    assert api.post(f"{FINDINGS}reopen/", {"key": finding}).status_code == 200
    assert results(api.get(FINDINGS), "key") == [finding]


def test_snooze_of_a_finding_ends(api: APIClient, finding: str, time_machine: Any) -> None:
    api.post(f"{FINDINGS}snooze/", {"key": finding, "reason": "spare", "until": later(hours=1)})
    assert results(api.get(FINDINGS), "key") == []
    time_machine.move_to(timezone.now() + timedelta(hours=2))
    assert results(api.get(FINDINGS), "key") == [finding]


@pytest.mark.parametrize("key", ["", "nothing", "a:b:c:d", "unused_static:address:7:ipv5"])
def test_key_of_nothing_is_not_found(key: str, api: APIClient, finding: str) -> None:
    expected = [("key", "not_found" if key else "invalid")]
    assert codes(api.post(f"{FINDINGS}accept/", {"key": key, "reason": "x"})) == expected


def test_finding_of_a_survey_is_judged_again_when_it_is_shown(
    api: APIClient, narrow: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    query = f"{FINDINGS}?code=family_nearly_full"
    assert results(api.get(query), "severity") == ["serious"]
    held = list(narrow.addresses.all())
    addresses.release_many(held[:25])
    assert results(api.get(query), "detail") == [
        "IPv4 is 90 % taken: 25 addresses left. Add an IPv4 prefix, or release what is unused."
    ]
    addresses.release_many(held[25:])
    assert results(api.get(query), "detail") == []
