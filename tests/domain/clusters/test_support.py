"""Will it come up: the table says so before all else, each sentence with its issue, and settings lift it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ipam.domain.clusters import cautions, support
from tests.builders import IPV4, cluster_plan

WORKED = cluster_plan()


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which the tables were checked."""
    monkeypatch.setattr(support, "today", lambda: support.CHECKED_ON)


def codes(**changes: Any) -> list[str]:
    return [one.code for one in support.warnings(replace(WORKED, **changes))]


def test_dual_stack_shoot_on_metal_is_said_not_to_come_up_before_all_else() -> None:
    first = cautions.warnings(WORKED)[0]
    assert (first.code, first.field) == ("dual_stack_not_supported", "families")
    assert "metal cannot run dual-stack yet" in first.detail
    assert "Meanwhile IPv4 alone works" in first.detail
    assert first.issues[0] == "https://github.com/metal-stack/gardener-extension-provider-metal/issues/439"


def test_setting_says_that_ours_reports_it(settings: Any) -> None:
    settings.METAL_REPORTS_NETWORKING = True
    assert codes() == []


def test_other_platforms_and_one_family_come_up() -> None:
    assert codes(platform="kubeadm") == codes(families=(IPV4,)) == []


def test_running_cluster_meets_another_row(settings: Any) -> None:
    single = replace(WORKED, families=(IPV4,))
    assert [one.code for one in support.of_step(single, WORKED.families)] == ["migration_cuts_pods"]
    assert support.of_step(WORKED, (IPV4,)) == []
    settings.GARDENER_MIGRATES_MASKS = True
    assert support.of_step(single, WORKED.families) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.30", "version_ended"),
        ("1.33.4", "version_ended"),
        ("1.34", None),
        ("1.35", None),
        ("1.36.1", None),
        ("1.37", "version_unknown"),
    ],
)
def test_version_of_kubernetes_is_kept_up_ended_or_unknown(version: str, expected: str | None) -> None:
    assert codes(platform="kubeadm", kubernetes_version=version) == ([expected] if expected else [])


def test_version_ends_with_its_last_day(monkeypatch: pytest.MonkeyPatch) -> None:
    last = support.KUBERNETES[35]
    monkeypatch.setattr(support, "today", lambda: last)
    assert codes(platform="kubeadm") == []
    monkeypatch.setattr(support, "today", lambda: date.fromordinal(last.toordinal() + 1))
    assert codes(platform="kubeadm") == ["version_ended"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.147.3", ["version_ended"]),
        ("1.150.2", ["version_ended"]),
        ("1.151", ["version_unknown", "version_ended"]),
        ("1.152", ["version_unknown"]),
        ("", []),
    ],
)
def test_version_of_gardener_is_kept_up_ended_or_unknown(version: str, expected: list[str]) -> None:
    assert codes(families=(IPV4,), gardener_version=version) == expected
    assert codes(platform="kubeadm", gardener_version=version) == []
