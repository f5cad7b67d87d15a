"""Which objects a rule is about, and what becomes of those that leave it."""

from decimal import Decimal
from typing import Any

import pytest

from ipam import errors
from ipam.domain.insight import alert_rules, judging, surveying
from ipam.domain.networks import networks
from ipam.models import Alert, AlertRule, Network, Partition, Project
from tests.builders import IPV6, cidrs, external
from tests.domain.insight.alerting import Clock, rule, see, subjects, transitions, use


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


@pytest.mark.parametrize("change", [{"enabled": False}, {"name": "renamed"}, {"fire": Decimal(90)}])
def test_rule_whose_place_has_gone_can_be_changed(change: dict[str, Any], narrow: Network) -> None:
    made = rule(scope={"network": "narrow"})
    networks.delete(narrow)
    changed = alert_rules.update(made, scope={"network": "narrow"}, **change)
    assert {name: getattr(changed, name) for name in change} == change
    with pytest.raises(errors.IpamError):
        alert_rules.update(made, scope={"network": "narrow", "label": "a"})
