"""Who is told of what fires and what is over: once, and not while it is snoozed or hushed."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from ipam import errors
from ipam.domain.insight import alert_rules, alert_validation, alerts, surveying
from ipam.domain.insight import transitions as all_transitions
from ipam.domain.networks import networks
from ipam.domain.notify import letters
from ipam.models import Alert, Event, Network, Project
from tests.builders import cidrs, external
from tests.domain.insight.alerting import ME, NOON, Clock, rule, see, states, subjects, use


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
