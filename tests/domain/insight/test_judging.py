"""Judging by alert rules: what fires, what is over, and that each is kept and told once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.insight import alert_rules, alerts, finding_marks, judging, survey_age, surveying, watching
from ipam.domain.insight.watching import Watched
from ipam.domain.networks import addresses, networks, projects, quota_limits
from ipam.models import Alert, AlertRule, Event, Network, NumberRange, Project, Series
from tests.builders import IPV4, child, cidrs, external
from tests.domain.insight.alerting import NOON, Clock, rule, see, states, transitions, use


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


def test_survey_that_could_not_judge_is_none(narrow: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(watched: Watched) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(judging, "judge", fail)
    with pytest.raises(RuntimeError):
        surveying.run()
    assert survey_age.last() is None
