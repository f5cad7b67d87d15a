"""Judging by alert rules: what fires, what is over, and that each is kept and told once."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.domain.insight import (
    alert_rules,
    alert_validation,
    alerts,
    finding_marks,
    judging,
    survey_age,
    surveying,
    watching,
)
from ipam.domain.insight import transitions as all_transitions
from ipam.domain.insight.alert_rules import NewRule
from ipam.domain.insight.series import Reading
from ipam.domain.insight.watching import Watched
from ipam.domain.networks import addresses, networks, projects, quota_limits
from ipam.domain.notify import letters
from ipam.models import Alert, AlertRule, Event, Network, NumberRange, Partition, Project, Series
from tests.builders import IPV4, IPV6, child, cidrs, external

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
Clock = time_machine.Traveller
ME = "noc@example.org"


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def narrow(clock: Clock, db: None) -> Network:
    """A network of 254 IPv4 addresses, and no rules."""
    AlertRule.objects.all().delete()
    prefixes = cidrs("198.51.100.0/24", "2001:db8:0:51::/64")
    return networks.create(external(id="narrow", vrf=7, prefixes=prefixes, destination_prefixes=[], labels={"a": "b"}))


def rule(watch: str = "utilization", fire: str | None = "80", clear: str | None = "75", **more: Any) -> AlertRule:
    thresholds = {name: Decimal(text) for name, text in (("fire", fire), ("clear", clear)) if text is not None}
    told: dict[str, Any] = {"name": watch, "severity": "warning", "mails": [ME]}
    return alert_rules.create(NewRule(watch=watch, **{**told, **thresholds, **more}))


def use(network: Network, project: Project, count: int) -> None:
    """Let just so many IPv4 addresses be taken."""
    held = list(network.addresses.filter(family=4))
    if count < len(held):
        addresses.release_many(held[count:])
    elif count > len(held):
        addresses.allocate(network, project=project, families=[IPV4], count=count - len(held))


def states() -> list[tuple[str, str, str]]:
    return [(one.object_id, one.state, one.value) for one in Alert.objects.order_by("id")]


def transitions() -> list[str]:
    return list(
        Event.objects.filter(kind="alert", verb__in=["fire", "clear"]).order_by("id").values_list("verb", flat=True)
    )


def subjects() -> list[str]:
    letters.send_due()
    found = [one.subject for one in mail.outbox]
    mail.outbox.clear()
    return found


# --- hysteresis over surveys ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([203], []),
        ([204], ["fire"]),
        ([204, 210, 204], ["fire"]),
        ([204, 191], ["fire"]),
        ([204, 190], ["fire", "clear"]),
        ([204, 191, 204, 191, 204], ["fire"]),
        ([204, 190, 203, 204], ["fire", "clear", "fire"]),
        ([0, 254, 0], ["fire", "clear"]),
    ],
)
def test_utilization_fires_and_clears_once_for_each_crossing(
    counts: list[int], told: list[str], clock: Clock, narrow: Network, project: Project
) -> None:
    rule()
    for count in counts:
        use(narrow, project, count)
        clock.shift(3600)
        surveying.run()
    assert transitions() == told


def reading(network: Network, share: float | None, available_prefixes: int | None = None) -> Reading:
    used = 0 if share is None else int(share * 1000)
    return Reading(
        network_id=network.pk, family=4, since=NOON, used=used, total=1000, available=1000 - used,
        available_prefixes=available_prefixes, utilization=share or 0.0,
    )  # fmt: skip


def see(network: Network, share: float, at: datetime | None = None) -> None:
    judging.judge(Watched(at or datetime.now(UTC), networks={network.pk: network}, readings=[reading(network, share)]))


@given(shares=st.lists(st.floats(0, 1), max_size=12))
def test_nobody_is_told_twice_of_one_crossing(shares: list[float], clock: Clock, narrow: Network) -> None:
    AlertRule.objects.all().delete()
    Event.objects.all().delete()
    rule()
    for share in shares:
        see(narrow, share)
        clock.shift(60)
    said = transitions()
    assert said == [("fire", "clear")[place % 2] for place in range(len(said))]
    assert len(said) <= len(shares)
    assert Alert.objects.firing().count() == len(said) % 2


def test_alert_says_what_it_is_about(narrow: Network, project: Project) -> None:
    made = rule(severity="serious")
    use(narrow, project, 210)
    surveying.run()
    alert = Alert.objects.get()
    assert (alert.rule, alert.kind, alert.object_id, alert.network_id, alert.family) == (
        made,
        "network",
        "narrow",
        "narrow",
        4,
    )
    assert (alert.value, alert.threshold, alert.severity, alert.since) == ("82.677", "80", "serious", NOON)


def test_value_of_what_fires_is_kept_up_without_an_event(clock: Clock, narrow: Network) -> None:
    rule()
    see(narrow, 0.81)
    clock.shift(60)
    see(narrow, 0.83)
    assert (states(), transitions()) == ([("narrow", "firing", "83.000")], ["fire"])


def test_transition_is_an_event_of_its_network_and_project(private: Network, project: Project) -> None:
    AlertRule.objects.all().delete()
    rule()
    Event.objects.all().delete()
    see(private, 0.9)
    event = Event.objects.get()
    assert (event.verb, event.kind, event.network_id, event.project_id) == ("fire", "alert", private.pk, project.pk)
    assert event.object_id == str(Alert.objects.get().pk)
    assert event.changes == {"state": [None, "firing"], "value": [None, "90.000"], "told": [False, True]}


# --- each watch -----------------------------------------------------------------------------------
def test_days_left_are_those_of_the_forecast(clock: Clock, narrow: Network) -> None:
    rule("days_left", "21", "30")
    surveying.run()
    series = Series.objects.of_networks().filter(family=4)
    for days, state in [(22, []), (21, ["firing"]), (29, ["firing"]), (30, ["cleared"])]:
        series.update(state="growing", full_likely=(NOON + timedelta(days=days)).date())
        surveying.run()
        assert list(Alert.objects.values_list("state", flat=True)) == state
    assert Alert.objects.get().value == "30"


@pytest.mark.parametrize(
    ("state", "expected"), [("too_little_history", "firing"), ("flat", "cleared"), ("shrinking", "cleared")]
)
def test_unknown_days_neither_fire_nor_clear_and_what_does_not_grow_clears(
    state: str, expected: str, clock: Clock, narrow: Network
) -> None:
    rule("days_left", "21", "30")
    surveying.run()
    series = Series.objects.of_networks().filter(family=4)
    series.update(state=state, full_likely=None)
    surveying.run()
    assert not Alert.objects.exists()
    series.update(state="growing", full_likely=date(2026, 10, 2))
    surveying.run()
    series.update(state=state, full_likely=None)
    surveying.run()
    assert Alert.objects.get().state == expected


def test_children_left_of_a_super(tenants: Network, project: Project) -> None:
    AlertRule.objects.all().delete()
    rule("children_left", "62", "64")
    for _ in range(2):
        networks.create(child(parent=tenants, project=project))
    surveying.run()
    assert [(one.object_id, one.family, one.value) for one in Alert.objects.all()] == [("tenants", 4, "62")]
    networks.delete(Network.objects.filter(parent=tenants).first())
    surveying.run()
    assert transitions() == ["fire"]
    networks.delete(Network.objects.get(parent=tenants))
    surveying.run()
    assert transitions() == ["fire", "clear"]


def test_pool_that_runs_low(narrow: Network) -> None:
    rule("pool", "1000", "2000")
    NumberRange.objects.filter(pool="vrf").delete()
    surveying.run()
    NumberRange.objects.create(pool="vrf", first=100_000, last=101_499)
    surveying.run()
    assert [(one.object_id, one.state, one.value) for one in Alert.objects.all()] == [("vrf", "firing", "1500")]
    NumberRange.objects.filter(pool="vrf").update(last=101_999)
    surveying.run()
    assert transitions() == ["fire", "clear"]


def test_quota_that_is_nearly_taken(clock: Clock, narrow: Network, project: Project) -> None:
    rule("quota", "90", "50")
    quota = quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=10)
    use(narrow, project, 9)
    judging.judge_networks([])
    (alert,) = Alert.objects.all()
    assert (alert.kind, alert.object_id, alert.project_id, alert.value) == (
        "quota",
        str(quota.pk),
        project.pk,
        "90.000",
    )
    assert alert.object_name == "alice: IPv4 addresses"
    use(narrow, project, 5)
    clock.shift(60)
    judging.judge_networks([])
    assert transitions() == ["fire", "clear"]


def test_quota_of_nothing_has_no_share(narrow: Network, project: Project) -> None:
    rule("quota", "90", "50")
    quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=0)
    surveying.run()
    assert not Alert.objects.exists()


def test_finding_fires_while_it_is_found(narrow: Network, project: Project) -> None:
    rule("finding", None, None, code="project_without_networks")
    surveying.run()
    alert = Alert.objects.get()
    assert (alert.kind, alert.object_id, alert.project_id, alert.value) == ("project", str(project.pk), project.pk, "")
    networks.create(external(id="own", vrf=9, prefixes=cidrs("192.0.2.0/24"), project=project, destination_prefixes=[]))
    surveying.run()
    assert transitions() == ["fire", "clear"]


def test_accepted_finding_clears_and_fires_no_more(narrow: Network, project: Project) -> None:
    rule("finding", None, None, code="project_without_networks")
    surveying.run()
    finding_marks.accept([f"project_without_networks:project:{project.pk}:"], reason="spare")
    surveying.run()
    surveying.run()
    assert transitions() == ["fire", "clear"]


def test_finding_that_each_project_has_by_itself_fires_for_each(
    clock: Clock, narrow: Network, project: Project, stranger: Project
) -> None:
    rule("finding", None, None, code="one_family_allocations")
    for one in (project, stranger):
        addresses.allocate(narrow, project=one, families=[IPV4])
    surveying.run()
    assert {one.project_id for one in Alert.objects.firing()} == {project.pk, stranger.pk}


# --- scopes ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("scope", "is_met"),
    [
        ({}, True),
        ({"network": "narrow"}, True),
        ({"network": "other"}, False),
        ({"type": "external"}, True),
        ({"type": "child"}, False),
        ({"label": "a"}, True),
        ({"label": "a=b"}, True),
        ({"label": "a=c"}, False),
        ({"label": "b"}, False),
        ({"partition": "mini-lab"}, False),
        ({"project": "alice"}, False),
        ({"type": "external", "label": "b"}, False),
    ],
)
def test_scope_is_all_that_it_says(
    scope: dict[str, str], is_met: bool, narrow: Network, partition: Partition, project: Project
) -> None:
    networks.create(
        external(id="other", vrf=8, prefixes=cidrs("192.0.2.0/24"), partition=partition, destination_prefixes=[])
    )
    rule(scope=scope)
    see(narrow, 0.9)
    assert Alert.objects.exists() == is_met


def test_scope_of_a_project_is_what_it_owns(private: Network, project: Project) -> None:
    AlertRule.objects.all().delete()
    assert rule(scope={"project": "alice"}).scope == {"project": str(project.pk)}
    see(private, 0.9)
    assert Alert.objects.exists()


def test_family_narrows_a_rule(narrow: Network) -> None:
    rule(family=IPV6)
    see(narrow, 0.9)
    assert not Alert.objects.exists()


@pytest.mark.parametrize("change", [{"scope": {"type": "child"}}, {"family": IPV6}])
def test_what_is_out_of_scope_clears_with_the_reason(change: dict[str, Any], clock: Clock, narrow: Network) -> None:
    made = rule()
    see(narrow, 0.9)
    alert_rules.update(made, **change)
    clock.shift(60)
    see(narrow, 0.9)
    assert [(one.state, one.reason) for one in Alert.objects.all()] == [("cleared", judging.OUT_OF_SCOPE)]


def test_what_is_gone_clears_with_the_reason(clock: Clock, narrow: Network, project: Project) -> None:
    rule()
    use(narrow, project, 254)
    surveying.run()
    use(narrow, project, 0)
    networks.delete(narrow)
    clock.shift(60)
    surveying.run()
    assert [(one.state, one.reason) for one in Alert.objects.all()] == [("cleared", judging.GONE)]


def test_rule_that_is_switched_off_clears_in_silence(clock: Clock, narrow: Network) -> None:
    made = rule()
    see(narrow, 0.9)
    subjects()
    alert_rules.update(made, enabled=False)
    clock.shift(60)
    see(narrow, 0.9)
    assert [(one.state, one.reason) for one in Alert.objects.all()] == [("cleared", alert_rules.SWITCHED_OFF)]
    assert (transitions(), subjects()) == (["fire", "clear"], [])


# --- just some networks ---------------------------------------------------------------------------
def test_networks_that_changed_are_judged_by_themselves(clock: Clock, narrow: Network, project: Project) -> None:
    rule()
    other = networks.create(external(id="other", vrf=8, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    use(narrow, project, 254)
    use(other, project, 254)
    judging.judge_networks(["narrow"])
    assert states() == [("narrow", "firing", "100.000")]
    clock.shift(60)
    use(narrow, project, 0)
    use(other, project, 0)
    judging.judge_networks(["other"])
    assert states() == [("narrow", "firing", "100.000")]
    judging.judge_networks(["narrow", "nowhere"])
    assert states() == [("narrow", "cleared", "0.000")]


def test_deleted_network_that_is_named_clears(clock: Clock, narrow: Network) -> None:
    rule()
    see(narrow, 0.9)
    networks.delete(narrow)
    clock.shift(60)
    judging.judge_networks(["narrow"])
    assert Alert.objects.get().reason == judging.GONE


def test_findings_that_only_surveys_look_for_stay(narrow: Network, project: Project) -> None:
    rule("finding", None, None, code="one_family_allocations")
    addresses.allocate(narrow, project=project, families=[IPV4])
    surveying.run()
    judging.judge_networks(["narrow"])
    assert Alert.objects.get().is_firing


@pytest.mark.parametrize("count", [1, 30])
def test_statements_are_as_many_for_one_network_as_for_thirty(count: int, narrow: Network, project: Project) -> None:
    for number in range(count):
        prefix = cidrs(f"192.0.2.{number * 8}/29")
        made = networks.create(external(id=f"n-{number}", vrf=100 + number, prefixes=prefix, destination_prefixes=[]))
        use(made, project, 6)
    for watch, fire, clear in (("utilization", "80", "75"), ("days_left", "3", "4"), ("children_left", "3", "4")):
        rule(watch, fire, clear)
    rule("pool", "1", "2")
    seen = watching.of_networks([f"n-{number}" for number in range(count)], datetime.now(UTC))
    with CaptureQueriesContext(connection) as captured:
        judging.judge(seen)
    assert Alert.objects.firing().count() == count
    assert len(captured) == 14, [query["sql"][:90] for query in captured]


# --- who is told ----------------------------------------------------------------------------------
def test_one_run_is_one_letter_to_each_address(narrow: Network, project: Project) -> None:
    rule(mails=[ME, "second@example.org"])
    other = networks.create(external(id="other", vrf=8, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    for network in (narrow, other):
        use(network, project, 254)
    surveying.run()
    assert sorted(one.to[0] for one in mail.outbox) == [ME, "second@example.org"]
    assert {one.subject for one in mail.outbox} == {"Twofold, warning: narrow, IPv4 and 1 more"}


def test_letter_names_network_family_value_threshold_what_to_do_and_a_link(narrow: Network, settings: Any) -> None:
    settings.PUBLIC_URL = "https://ipam.example.org"
    rule(name="Nearly full")
    see(narrow, 0.9)
    letters.send_due()
    body = mail.outbox[0].body
    assert body.splitlines()[:4] == [
        "WARNING: narrow, IPv4",
        "  Nearly full: share of a family that is taken: 90 % (fires at 80 %)",
        "  Add an IPv4 prefix, or release what is unused.",
        "  https://ipam.example.org/networks/narrow/",
    ]


def test_serious_alert_hushes_warnings_of_the_same_object_and_family(clock: Clock, narrow: Network) -> None:
    rule()
    rule(fire="95", clear="90", severity="serious")
    see(narrow, 0.96)
    assert (len(states()), subjects()) == (2, ["Twofold, serious: narrow, IPv4"])
    clock.shift(60)
    see(narrow, 0.85)  # the serious one is over: that the warning still fires is told now, in the same letter
    assert subjects() == ["Twofold, warning: narrow, IPv4 and 1 more"]
    clock.shift(60)
    see(narrow, 0.7)
    assert subjects() == ["Twofold, over: narrow, IPv4"]


def test_what_nobody_was_told_of_is_over_untold(clock: Clock, narrow: Network) -> None:
    rule()
    rule(fire="95", clear="90", severity="serious")
    see(narrow, 0.96)
    subjects()
    clock.shift(60)
    see(narrow, 0.1)
    (only,) = (one for one in Event.objects.filter(verb="clear", kind="alert") if "told" in one.changes)
    assert (subjects(), only.object_id) == (
        ["Twofold, over: narrow, IPv4"],
        str(Alert.objects.get(severity="serious").pk),
    )


def test_snoozed_alert_is_told_once_when_the_snooze_ends(clock: Clock, narrow: Network) -> None:
    rule()
    see(narrow, 0.9)
    subjects()
    alerts.snooze(Alert.objects.get(), until=NOON + timedelta(hours=2), reason="known")
    for _ in range(4):
        clock.shift(3600)
        see(narrow, 0.9)
    assert subjects() == ["Twofold, warning: narrow, IPv4"]
    assert [one.changes.get("told") for one in Event.objects.filter(verb="fire").order_by("id")] == [[False, True]] * 2


def test_what_clears_while_it_is_snoozed_is_not_told(clock: Clock, narrow: Network) -> None:
    rule()
    see(narrow, 0.9)
    subjects()
    alerts.snooze(Alert.objects.get(), until=NOON + timedelta(hours=2), reason="known")
    clock.shift(60)
    see(narrow, 0.1)
    clock.shift(3 * 3600)
    see(narrow, 0.1)
    assert subjects() == []


@pytest.mark.parametrize(("place", "told"), [("narrow", []), ("", []), ("other", ["Twofold, warning: narrow, IPv4"])])
def test_snoozed_rule_tells_nothing_of_what_begins(place: str, told: list[str], clock: Clock, narrow: Network) -> None:
    other = networks.create(external(id="other", vrf=8, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    network = {"narrow": narrow, "other": other}.get(place)
    alert_rules.snooze(rule(), until=NOON + timedelta(hours=1), reason="moving", network=network)
    see(narrow, 0.9)
    assert subjects() == told
    clock.shift(3601)
    see(narrow, 0.9)
    see(narrow, 0.9)
    assert len(subjects()) == 1 - len(told)


# --- others who judge -----------------------------------------------------------------------------
def test_older_values_change_nothing_that_was_judged_by_later_ones(clock: Clock, narrow: Network) -> None:
    rule()
    clock.shift(60)
    see(narrow, 0.9)
    see(narrow, 0.1, at=NOON)
    assert states() == [("narrow", "firing", "90.000")]
    clock.shift(60)
    see(narrow, 0.1)
    see(narrow, 0.9, at=NOON + timedelta(seconds=90))
    assert states() == [("narrow", "cleared", "10.000")]


def test_rule_that_was_changed_while_it_judged_waits_for_the_next_run(
    clock: Clock, narrow: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rule()
    settle = judging.Verdict.settle

    def settle_late(verdict: judging.Verdict) -> None:
        settle(verdict)
        alert_rules.update(made, fire=Decimal(95), clear=Decimal(90))

    monkeypatch.setattr(judging.Verdict, "settle", settle_late)
    see(narrow, 0.9)
    assert states() == []


def test_acknowledgement_of_what_goes_on_stays(clock: Clock, narrow: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    rule()
    see(narrow, 0.9)
    settle = judging.Verdict.settle

    def settle_late(verdict: judging.Verdict) -> None:
        settle(verdict)
        alerts.acknowledge(Alert.objects.get(), reason="on it")

    monkeypatch.setattr(judging.Verdict, "settle", settle_late)
    clock.shift(60)
    see(narrow, 0.91)
    assert [(one.value, one.reason) for one in Alert.objects.all()] == [("91.000", "on it")]


def test_alerts_that_were_over_long_ago_are_forgotten(clock: Clock, narrow: Network) -> None:
    rule()
    see(narrow, 0.9)
    clock.shift(60)
    see(narrow, 0.1)
    clock.shift(401 * 86_400)
    surveying.run()
    assert states() == []


def test_project_of_an_alert_may_go(narrow: Network) -> None:
    rule("finding", None, None, code="project_without_networks")
    made = projects.create(name="brief")
    surveying.run()
    projects.delete(made)
    surveying.run()
    assert transitions() == ["fire", "clear"]


# --- what must not go wrong -----------------------------------------------------------------------
def test_longest_name_of_a_network_is_no_hindrance(narrow: Network) -> None:
    rule()
    networks.update(narrow, name="x" * 255)
    narrow.refresh_from_db()
    see(narrow, 0.9)
    assert len(Event.objects.get(kind="alert", verb="fire").object_name) == 255


def test_longest_name_of_a_project_is_no_hindrance(narrow: Network, project: Project) -> None:
    rule("quota", "90", "50")
    projects.update(project, name="x" * 255)
    quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=1)
    use(narrow, project, 1)
    judging.judge_networks([])
    assert len(Alert.objects.get().object_name) == 255


def test_quota_of_nothing_that_is_used_is_full(narrow: Network, project: Project) -> None:
    rule("quota", "90", "50")
    use(narrow, project, 1)
    quota = quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=1)
    type(quota).objects.update(limit=0)
    judging.judge_networks([])
    assert [one.value for one in Alert.objects.firing()] == ["100.000"]


@pytest.mark.parametrize("change", [{"enabled": False}, {"name": "renamed"}, {"fire": Decimal(90)}])
def test_rule_whose_place_has_gone_can_be_changed(change: dict[str, Any], narrow: Network) -> None:
    made = rule(scope={"network": "narrow"})
    networks.delete(narrow)
    changed = alert_rules.update(made, scope={"network": "narrow"}, **change)
    assert {name: getattr(changed, name) for name in change} == change
    with pytest.raises(errors.IpamError):
        alert_rules.update(made, scope={"network": "narrow", "label": "a"})


def test_address_of_mail_fits_into_a_letter() -> None:
    domain = ".".join(["x" * 60] * 4)
    for local, fits in (("a" * 11, True), ("a" * 12, False)):
        address = f"{local}@{domain}"
        assert (len(address) <= 255) == fits
        with nullcontext() if fits else pytest.raises(errors.IpamError, match="255"):
            alert_validation.check_mail(address, "mail")


def test_snooze_of_a_rule_shortens_none_of_an_alert(clock: Clock, narrow: Network) -> None:
    made = rule()
    see(narrow, 0.9)
    until = NOON + timedelta(days=7)
    alerts.snooze(Alert.objects.get(), until=until, reason="known")
    alert_rules.snooze(made, until=NOON + timedelta(hours=1), reason="moving")
    found = Alert.objects.get()
    assert (found.snoozed_until, found.reason) == (until, "known")
    alert_rules.snooze(made, until=NOON + timedelta(days=8), reason="moving")
    assert Alert.objects.get().snoozed_until == NOON + timedelta(days=8)


def test_warning_that_was_told_is_told_to_be_over_though_something_serious_fires(clock: Clock, narrow: Network) -> None:
    warning = rule()
    rule(fire="95", clear="90", severity="serious")
    see(narrow, 0.9)
    subjects()
    clock.shift(60)
    see(narrow, 0.96)
    subjects()
    alert_rules.update(warning, scope={"type": "child"})
    clock.shift(60)
    see(narrow, 0.96)
    assert subjects() == ["Twofold, over: narrow, IPv4"]


def test_what_was_kept_before_a_failure_is_told(narrow: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each transaction tells what it keeps, whatever becomes of the next one."""
    monkeypatch.setattr(all_transitions, "_BATCH", 1)
    rule()
    rule(name="second", fire="70", clear="60")
    store, calls = all_transitions._store, iter([True, False])

    def store_once(*args: Any) -> Any:
        if not next(calls):
            raise RuntimeError("the second does not go")
        return store(*args)

    monkeypatch.setattr(all_transitions, "_store", store_once)
    with pytest.raises(RuntimeError):
        see(narrow, 0.9)
    assert Alert.objects.get().is_told
    assert subjects() == ["Twofold, warning: narrow, IPv4"]


def test_survey_that_could_not_judge_is_none(narrow: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(watched: Watched) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(judging, "judge", fail)
    with pytest.raises(RuntimeError):
        surveying.run()
    assert survey_age.last() is None
