"""The pages of alerts and their rules, and what the overview and the page of findings say of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from ipam.domain.insight import surveying
from ipam.domain.insight.hysteresis import in_words
from ipam.domain.networks import addresses, networks
from ipam.models import Alert, AlertRule, Event, FindingMark, Letter, Network, Project, RoleBinding, Webhook
from ipam.models.roles import Role
from tests.builders import IPV4, cidrs, external

HTMX = {"HX-Request": "true"}
SOON = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"


@pytest.fixture
def full(project: Project) -> Network:
    """A network that is full, and alerts that say so."""
    made = networks.create(external(id="full", vrf=7, prefixes=cidrs("198.51.100.0/28"), destination_prefixes=[]))
    addresses.allocate(made, project=project, families=[IPV4], count=14)
    AlertRule.objects.filter(watch="days_left").delete()
    surveying.run()
    return made


def body(web: Client, url: str, **more: Any) -> str:
    return web.get(url, **more).content.decode()


def test_overview_fetches_how_many_fire(web: Client, full: Network) -> None:
    assert 'hx-get="/alerts/firing/"' in body(web, "/")
    part = body(web, "/alerts/firing/", headers=HTMX)
    assert "<html" not in part
    assert "2 alerts fire" in part
    assert "1 serious" in part


def test_nothing_fires(web: Client, db: None) -> None:
    assert "No alert fires" in body(web, "/alerts/firing/", headers=HTMX)
    assert 'class="empty"' in body(web, "/alerts/")


def test_alerts_that_fire_come_first_and_those_that_are_over_on_request(web: Client, full: Network) -> None:
    assert [row["alert"].state for row in web.get("/alerts/").context["rows"]] == ["firing", "firing"]
    Alert.objects.filter(severity="serious").update(state="cleared", cleared_at=timezone.now())
    assert [row["alert"].severity for row in web.get("/alerts/").context["rows"]] == ["warning"]
    assert [row["alert"].severity for row in web.get("/alerts/?state=cleared").context["rows"]] == ["serious"]


def test_alert_leads_to_what_mends_it(web: Client, full: Network) -> None:
    assert 'href="/networks/full/"' in body(web, "/alerts/")


def test_alert_is_acknowledged_and_snoozed(web: Client, full: Network) -> None:
    alert = Alert.objects.earliest("id")
    web.post(f"/alerts/{alert.pk}/acknowledge/", {"reason": "on it"})
    web.post(f"/alerts/{alert.pk}/snooze/", {"reason": "next week", "until": SOON})
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.reason, alert.snoozed_until is None) == ("operator", "next week", False)


@pytest.mark.parametrize(
    ("sent", "field"), [({"reason": "x", "until": "2020-01-01T00:00"}, "until"), ({"until": SOON}, "reason")]
)
def test_snooze_says_at_its_field_what_is_wrong(sent: dict[str, str], field: str, web: Client, full: Network) -> None:
    answer = web.post(f"/alerts/{Alert.objects.earliest('id').pk}/snooze/", sent)
    assert field in answer.context["form"].errors


def test_rule_is_made_changed_switched_and_removed(web: Client, db: None) -> None:
    given = {"name": "Lab", "watch": "utilization", "fire": "90", "clear": "80", "severity": "serious", "enabled": "on"}
    web.post("/alert-rules/new/", {**given, "type": "external", "destinations": "noc@example.org b@example.org"})
    rule = AlertRule.objects.latest("id")
    assert (rule.name, rule.scope, rule.mails) == ("Lab", {"type": "external"}, ["noc@example.org", "b@example.org"])
    web.post(f"/alert-rules/{rule.pk}/edit/", {**given, "fire": "0.9", "clear": "0.8", "address_family": "ipv6"})
    rule.refresh_from_db()
    assert (str(rule.fire), rule.family, rule.scope, rule.mails) == ("0.900", 6, {}, [])
    web.post(f"/alert-rules/{rule.pk}/switch/")
    rule.refresh_from_db()
    assert not rule.enabled
    web.post(f"/alert-rules/{rule.pk}/delete/")
    assert not AlertRule.objects.filter(pk=rule.pk).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"clear": "95"}, "clear"),
        ({"fire": ""}, "fire"),
        ({"network": "nowhere"}, "network"),
        ({"destinations": "nobody"}, "destinations"),
        ({"watch": "finding"}, "code"),
    ],
)
def test_rule_says_at_its_field_what_is_wrong(change: dict[str, str], field: str, web: Client, db: None) -> None:
    given = {"name": "x", "watch": "utilization", "fire": "90", "clear": "80", "severity": "info"}
    before = AlertRule.objects.count()
    assert field in web.post("/alert-rules/new/", {**given, **change}).context["form"].errors
    assert AlertRule.objects.count() == before


def test_form_of_a_rule_shows_what_it_is(web: Client, db: None) -> None:
    hook = Webhook.objects.create(name="chat", url="https://chat.example.org/", secret="sealed")
    rule = AlertRule.objects.earliest("id")
    rule.webhooks.add(hook)
    form = web.get(f"/alert-rules/{rule.pk}/edit/").context["form"]
    assert (form["fire"].value(), form["webhooks"].value()) == ("80", [hook.pk])
    sent = {"name": "x", "fire": "80", "clear": "75", "severity": "info", "webhooks": [hook.pk], "enabled": "on"}
    web.post(f"/alert-rules/{rule.pk}/edit/", sent)
    assert list(rule.webhooks.all()) == [hook]


def test_destinations_of_a_rule_are_tried(web: Client, db: None, django_capture_on_commit_callbacks: Any) -> None:
    rule = AlertRule.objects.earliest("id")
    rule.mails = ["noc@example.org", "second@example.org"]
    rule.save()
    with django_capture_on_commit_callbacks(execute=True):
        web.post(f"/alert-rules/{rule.pk}/test/")
    assert [one.to for one in mail.outbox] == [["noc@example.org"]]  # whoever waits for the page waits for one mail
    assert [one.address for one in Letter.objects.all()] == ["second@example.org"]


def test_finding_is_snoozed_accepted_and_shown_again(web: Client, full: Network) -> None:
    key = "family_nearly_full:network:full:ipv4"
    assert f"/findings/snooze/?key={key.replace(':', '%3A')}" in body(web, "/findings/")
    web.post(f"/findings/snooze/?key={key}", {"reason": "known", "until": SOON})
    assert key.replace(":", "%3A") not in body(web, "/findings/")
    assert "/findings/reopen/" in body(web, "/findings/?snoozed=true")
    web.post(f"/findings/accept/?key={key}", {"reason": "for good"})
    assert FindingMark.objects.get().until is None
    web.post(f"/findings/reopen/?key={key}")
    assert not FindingMark.objects.exists()


def test_key_of_nothing_is_said_on_the_page(web: Client, full: Network) -> None:
    answer = web.post("/findings/accept/?key=nothing", {"reason": "x"})
    assert "There is no finding" in answer.content.decode()


def test_rule_that_tells_a_webhook_beyond_those_offered_still_does_when_it_is_saved(
    web: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipam.forms.alerts.MAX_OFFERED", 1)
    hooks = [Webhook.objects.create(name=name, url="https://chat.example.org/", secret="sealed") for name in "abc"]
    made = AlertRule.objects.earliest("pk")
    made.webhooks.set(hooks[2:])
    form = web.get(f"/alert-rules/{made.pk}/edit/").context["form"]
    assert sorted(label for _, label in form.fields["webhooks"].choices) == ["a", "c"]


def test_person_stands_beside_nothing_that_somebody_else_has_said(web: Client, full: Network) -> None:
    Alert.objects.update(acknowledged_by="alice", reason="It is no longer there.")
    html = body(web, "/alerts/")
    assert ("alice knows" in html, "alice knows: It is" in html, "It is no longer there." in html) == (
        True,
        False,
        True,
    )


@pytest.mark.parametrize(("hours", "is_said"), [(-1, False), (1, True)])
def test_snooze_is_shown_until_it_ends(hours: int, is_said: bool, web: Client, full: Network) -> None:
    Alert.objects.update(snoozed_until=timezone.now() + timedelta(hours=hours))
    assert ("snoozed until" in body(web, "/alerts/")) == is_said


@pytest.mark.parametrize(
    ("rule", "number", "said"),
    [
        (AlertRule(watch="utilization", fire=80, clear=75), "98.496", "98.5 %"),
        (AlertRule(watch="quota", fire=Decimal("0.8"), clear=Decimal("0.7")), "1.000", "100 %"),
        (AlertRule(watch="days_left", fire=21, clear=30), "1", "1 day"),
        (AlertRule(watch="pool", fire=1000, clear=2000), Decimal("13000.000"), "13,000"),
        (AlertRule(watch="pool", fire=0, clear=2), 0, "0"),
        (AlertRule(watch="days_left", fire=21, clear=30), "", ""),
    ],
)
def test_values_are_said_with_their_unit(rule: AlertRule, number: Any, said: str) -> None:
    assert in_words(rule, number) == said


def test_finding_is_snoozed_by_name(web: Client, full: Network) -> None:
    page = body(web, "/findings/snooze/?key=family_nearly_full%3Anetwork%3Afull%3Aipv4")
    assert "<h1>Snooze: full</h1>" in page


def test_rule_names_the_project_that_it_is_about(web: Client, project: Project) -> None:
    AlertRule.objects.filter(watch="utilization").update(scope={"project": str(project.pk)})
    assert f"project {project.name}" in body(web, "/alert-rules/")
    assert str(project.pk) not in body(web, "/alert-rules/")


def test_state_that_there_is_not_is_refused(web: Client, db: None) -> None:
    answer = web.get("/alerts/?state=x")
    assert (answer.status_code, "An alert is firing or cleared, not “x”." in answer.content.decode()) == (400, True)


@pytest.mark.parametrize(("key", "status"), [("nothing", 404), ("family_nearly_full:network:full:ipv4", 200)])
def test_form_of_a_mark_is_for_a_finding_that_is_there(key: str, status: int, web: Client, full: Network) -> None:
    assert web.get(f"/findings/snooze/?key={key}").status_code == status


def test_form_of_a_mark_is_for_those_who_may_set_it(client: Client, project: Project, full: Network) -> None:
    viewer = User.objects.create_user("viewer")
    RoleBinding.objects.create(user=viewer, project=project, role=Role.VIEWER)
    client.force_login(viewer)
    key = "one_family_allocations:network:dual:ipv6"
    dual = networks.create(external(id="dual", vrf=8, destination_prefixes=[]))
    addresses.allocate(dual, project=project, families=[IPV4])
    assert client.get(f"/findings/snooze/?key={key}").status_code == 403


def test_finding_that_is_snoozed_says_until_when_why_and_by_whom(web: Client, full: Network) -> None:
    web.post("/findings/snooze/?key=family_nearly_full:network:full:ipv4", {"reason": "known", "until": SOON})
    said = " ".join(body(web, "/findings/?snoozed=true").split())
    assert f"{SOON.replace('T', ' ')}</time> by" in said
    assert ": known </span>" in said


def test_activity_does_not_say_that_webhooks_are_told(web: Client, full: Network) -> None:
    assert Event.objects.filter(kind="alert", changes__has_key="told").exists()
    assert "told" not in body(web, "/activity/?kind=alert")


def test_rule_about_a_project_that_has_gone_is_changed_and_switched_off(web: Client, project: Project) -> None:
    rule = AlertRule.objects.earliest("pk")
    AlertRule.objects.filter(pk=rule.pk).update(scope={"project": str(project.pk)})
    Project.objects.filter(pk=project.pk).delete()
    form = web.get(f"/alert-rules/{rule.pk}/edit/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name not in ("enabled", "webhooks")}
    assert web.post(f"/alert-rules/{rule.pk}/edit/", {**sent, "name": "gone"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.enabled, rule.scope) == ("gone", False, {"project": str(project.pk)})


def test_activity_says_by_which_rule_an_alert_fired(web: Client, full: Network) -> None:
    name = Alert.objects.earliest("pk").rule.name
    assert f"“{escape(name)}”" in body(web, "/activity/?kind=alert")
    assert f"“{escape(name)}”" in body(web, "/")


def test_service_account_is_called_by_its_name(web: Client, full: Network, project: Project) -> None:
    robot = f"terraform@{project.pk}"
    Alert.objects.update(acknowledged_by=robot)
    assert "· terraform knows" in body(web, "/alerts/")
    web.post("/findings/accept/?key=family_nearly_full:network:full:ipv4", {"reason": "known"})
    FindingMark.objects.update(by=robot)
    assert "by terraform: known" in " ".join(body(web, "/findings/?snoozed=true").split())


def test_form_of_a_rule_names_its_project_and_keeps_it(web: Client, project: Project) -> None:
    rule = AlertRule.objects.earliest("pk")
    scope = {"project": str(project.pk), "network": "gone"}  # which is in the way of no other change
    AlertRule.objects.filter(pk=rule.pk).update(scope=scope)
    form = web.get(f"/alert-rules/{rule.pk}/edit/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields if name not in ("enabled", "webhooks")}
    assert sent["project"] == "alice"
    assert web.post(f"/alert-rules/{rule.pk}/edit/", {**sent, "name": "renamed"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.scope) == ("renamed", scope)
