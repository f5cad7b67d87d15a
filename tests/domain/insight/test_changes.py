"""What the feed names is judged between surveys. PostgreSQL's feed ends before a transaction that is open."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.insight import alerts, changes, surveying
from ipam.domain.networks import machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.notify import deliveries, targets, webhooks
from ipam.models import Alert, AlertReader, AlertRule, Delivery, Network, Partition, Project, default_rules
from tests.builders import child
from tests.callers import as_user
from tests.domain.insight.alerting import NOON, Clock, rule, see, states, subjects, use

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def followed(narrow: Network) -> Network:
    """A network with a rule on it, and the feed read up to now."""
    rule()
    changes.follow()
    return narrow


def test_networks_that_the_feed_names_are_judged(followed: Network, project: Project) -> None:
    use(followed, project, 254)
    assert states() == []
    changes.follow()
    assert states() == [("narrow", "firing", "100.000")]
    assert len(mail.outbox) == 1


def test_machine_that_joins_several_networks_lets_all_of_them_be_judged(
    clock: Clock, followed: Network, private: Network, partition: Partition, project: Project
) -> None:
    rule(fire="0.01", clear="0.001", scope={"type": "child"})
    for _ in range(12):
        attachments = [Attachment(network=private), Attachment(network=followed)]
        machines.allocate(project=project, partition=partition, networks=attachments)
    changes.follow()
    assert {one.object_id for one in Alert.objects.all()} == {private.pk}


def test_child_that_comes_or_goes_lets_its_parent_be_judged(
    clock: Clock, followed: Network, tenants: Network, project: Project
) -> None:
    rule("children_left", "63", "64")
    made = networks.create(child(parent=tenants, project=project))
    changes.follow()
    assert [one.object_id for one in Alert.objects.firing()] == ["tenants"]
    clock.shift(60)
    networks.delete(made)
    changes.follow()
    assert not Alert.objects.firing().exists()


def test_snooze_that_has_ended_is_told_though_nothing_changes(clock: Clock, followed: Network) -> None:
    see(followed, 0.9)
    subjects()
    alerts.snooze(Alert.objects.get(), until=NOON + timedelta(hours=1), reason="known")
    for _ in range(3):
        clock.shift(1801)
        changes.follow()
    assert len(mail.outbox) == 1


def test_what_nobody_has_changed_is_not_looked_at(followed: Network) -> None:
    changes.follow()
    with CaptureQueriesContext(connection) as captured:
        changes.follow()
    assert len([query for query in captured if "freeblock" in query["sql"]]) == 0


def test_rules_that_were_deleted_do_not_come_back_with_the_next_migrate(db: None) -> None:
    assert AlertReader.objects.count() == 1
    AlertRule.objects.all().delete()
    default_rules.install(using="default")
    assert not AlertRule.objects.exists()
    AlertReader.objects.all().delete()
    default_rules.install(using="default")
    assert AlertRule.objects.count() == len(default_rules.RULES)


def test_webhooks_are_told_of_what_may_be_told(clock: Clock, narrow: Network, operator: User, settings: Any) -> None:
    with as_user(operator):
        destination, by_type = (
            webhooks.create(targets.resolve("https://1.1.1.1/"), types=types)[0]
            for types in (["address.release"], ["alert.firing", "alert.cleared"])
        )
    rule(webhooks=[destination])
    rule(fire="95", clear="90", severity="serious", webhooks=[destination, by_type])
    see(narrow, 0.96)
    deliveries.distribute()
    clock.shift(60)
    see(narrow, 0.1)
    deliveries.distribute()
    told = [(one.webhook_id, one.type) for one in Delivery.objects.order_by("event", "webhook")]
    assert told == [
        (destination.pk, "alert.firing"),
        (by_type.pk, "alert.firing"),
        (destination.pk, "alert.cleared"),
        (by_type.pk, "alert.cleared"),
    ]


def test_what_changed_while_a_survey_read_is_judged_again(
    clock: Clock, followed: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(followed, project, 254)
    changes.follow()
    use(followed, project, 0)
    keep = surveying._keep_findings

    def keep_late(found: Any) -> None:  # the survey has read that all is free
        keep(found)
        clock.shift(60)
        use(followed, project, 254)
        changes.follow()

    clock.shift(60)
    monkeypatch.setattr(surveying, "_keep_findings", keep_late)
    surveying.run()
    clock.shift(60)
    changes.follow()
    assert states()[-1] == ("narrow", "firing", "100.000")


def test_survey_leaves_the_place_of_an_installation_that_follows_nothing_yet(narrow: Network) -> None:
    AlertReader.objects.update(has_begun=False, feed_id=10**9)
    surveying.run()
    assert AlertReader.objects.get().feed_id == 10**9


def test_survey_ends_nothing_that_has_come_back_while_it_read(
    followed: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(followed, project, 254)
    changes.follow()
    use(followed, project, 20)

    def fill_again(now: Any) -> None:
        use(followed, project, 254)
        changes.follow()

    monkeypatch.setattr(surveying.forecasts, "keep_due", fill_again)
    surveying.run()
    assert states() == [("narrow", "firing", "100.000")]
