"""The state of the installation: live while it is small, as of the last survey when it is large; both say the same."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam.domain.insight import survey
from ipam.domain.insight.survey import Overview
from ipam.domain.networks import addresses, networks, projects
from ipam.models import Finding, Network, Project, UtilizationSample
from tests.builders import IPV4, IPV6, child, cidrs, external, namespaced
from tests.shared import shared_fixture

MAX_STATEMENTS = 9


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every installation is a large one, which is not looked at live."""
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    monkeypatch.setattr(survey, "SMALL_ADDRESSES", 0)


@shared_fixture
def cloud(internet: Network, tenants: Network, private: Network, project: Project, stranger: Project) -> None:
    """Something of everything: a full family, halves of pairs, a project without networks."""
    full = networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/31"), destination_prefixes=()))
    addresses.allocate(full, project=project, count=2)
    addresses.allocate(internet, project=project, count=3)
    addresses.allocate(internet, project=project, families=[IPV4])


def said(found: list[Finding]) -> list[tuple[object, ...]]:
    return [
        (one.code, one.severity, one.kind, one.object_id, one.object_name, one.family, one.sentence) for one in found
    ]


def ranked(picture: Overview) -> list[list[str]]:
    return [[network.pk for network, _ in picture.fullest[family]] for family in (IPV4, IPV6)]


def test_live_and_surveyed_findings_are_the_same(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    live = said(survey.current_findings().findings)
    survey.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert said(survey.current_findings().findings) == live
    assert [one[0] for one in live] == ["family_nearly_full", "one_family_allocations", "project_without_networks"]


def test_live_and_surveyed_overview_are_the_same(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    live = survey.overview()
    survey.run()
    monkeypatch.setattr(survey, "SMALL_ADDRESSES", 0)
    stored = survey.overview()
    assert ranked(stored) == ranked(live) == [["full", "internet", "tenants"], ["tenants", "internet"]]
    assert stored.roots == live.roots
    assert said(stored.findings) == said(live.findings)


def test_roots_of_every_partition_come_first_and_supers_before_external_networks(
    cloud: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    networks.create(namespaced())
    live = survey.overview()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert [root.pk for root in live.roots] == ["clusters", "full", "tenants", "internet"]
    assert [root.pk for root in survey.overview().roots] == ["clusters", "full", "tenants", "internet"]


def test_worst_comes_first(cloud: None) -> None:
    assert [one.severity for one in survey.current_findings().findings] == [1, 2, 3]


def test_survey_says_how_much_it_found(cloud: None) -> None:
    assert survey.run() == Finding.objects.count() == 3


def test_survey_replaces_the_one_before(cloud: None, project: Project) -> None:
    survey.run()
    addresses.release_many(Network.objects.get(pk="full").addresses.all())
    assert survey.run() == 2
    assert list(Finding.objects.values_list("code", flat=True)) == [
        "one_family_allocations",
        "project_without_networks",
    ]
    assert UtilizationSample.objects.get(network="full").utilization == 0
    assert UtilizationSample.objects.count() == 7


def test_survey_of_many_networks_goes_by_chunks(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = survey.run()
    monkeypatch.setattr(survey, "_CHUNK", 2)
    assert (survey.run(), UtilizationSample.objects.count()) == (whole, 7)


def test_small_installation_is_of_now(cloud: None) -> None:
    assert (survey.current_findings().as_of, survey.overview().as_of) == (None, None)


def test_large_installation_is_as_of_its_survey(cloud: None, large: None) -> None:
    before = timezone.now()
    survey.run()
    as_of = survey.overview().as_of
    assert as_of is not None
    assert as_of == survey.current_findings().as_of
    assert before <= as_of <= timezone.now()


@pytest.mark.parametrize(("networks_", "is_live"), [(6, True), (3, False)])
def test_number_of_networks_decides_what_is_small(
    networks_: int, is_live: bool, cloud: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "SMALL_NETWORKS", networks_)
    assert (
        survey.current_findings().as_of is None and survey.current_findings().findings[0].code != "survey_old"
    ) == is_live


@pytest.mark.parametrize(("addresses_", "is_live"), [(9, True), (8, False)])
def test_number_of_addresses_decides_what_is_small(
    addresses_: int, is_live: bool, cloud: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "SMALL_ADDRESSES", addresses_)
    assert (survey.current_findings().findings[0].code != "survey_old") == is_live


# --- a survey that is missing or old --------------------------------------------------------------
def test_missing_survey_is_the_first_finding(cloud: None, large: None) -> None:
    (found,) = survey.current_findings().findings
    assert (found.code, found.get_severity_display(), found.sentence) == (
        "survey_old",
        "warning",
        "No survey has been kept yet: run `manage.py survey` hourly, else rankings and findings are old.",
    )


@pytest.mark.parametrize(("hours", "is_old"), [(23.9, False), (24.1, True)])
def test_survey_is_old_after_a_day(hours: float, is_old: bool, cloud: None, large: None) -> None:
    survey.run()
    taken = timezone.now() - timedelta(hours=hours)
    UtilizationSample.objects.update(sampled_at=taken)
    old = [one.sentence for one in survey.current_findings().findings if one.code == "survey_old"]
    text = f"No survey has been kept since {taken:%Y-%m-%d %H:%M} UTC: run `manage.py survey` hourly, else rankings and"
    assert old == ([f"{text} findings are old."] if is_old else [])


# --- the ranking ----------------------------------------------------------------------------------
def test_ranking_of_surveyed_networks_is_exact_and_of_this_moment(cloud: None, large: None, project: Project) -> None:
    survey.run()
    addresses.allocate(Network.objects.get(pk="internet"), project=project, families=[IPV4], count=100)
    addresses.release_many(Network.objects.get(pk="full").addresses.all())
    fullest = survey.overview().fullest[IPV4]
    assert [(network.pk, use.used_ips) for network, use in fullest] == [("internet", 104), ("tenants", 1024)]


def test_ranking_holds_as_many_as_asked_for(cloud: None) -> None:
    assert ranked(survey.overview(fullest=1)) == [["full"], ["tenants"]]


def test_network_of_which_nothing_is_taken_is_not_ranked(internet: Network) -> None:
    assert ranked(survey.overview()) == [[], []]


def test_network_that_is_gone_since_the_survey_is_not_ranked(cloud: None, large: None) -> None:
    survey.run()
    addresses.release_many(Network.objects.get(pk="full").addresses.all())
    networks.delete(Network.objects.get(pk="full"))
    assert ranked(survey.overview())[0] == ["internet", "tenants"]


# --- what it costs --------------------------------------------------------------------------------
def statements(do: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        do()
    return len(captured)


@pytest.mark.parametrize("limit", [None, "SMALL_NETWORKS", "SMALL_ADDRESSES"])
@pytest.mark.parametrize("do", [survey.overview, survey.current_findings])
def test_looking_costs_the_same_for_one_network_and_for_thirty(
    do: Callable[[], object],
    limit: str | None,
    tenants: Network,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses.allocate(networks.create(child(parent=tenants, project=project)), project=project)
    if limit:
        monkeypatch.setattr(survey, limit, 0)
    survey.run()
    few = statements(do)
    for number in range(15):
        owner = projects.create(name=f"p{number}")
        home = networks.create(child(parent=tenants, project=owner))
        addresses.allocate(home, project=owner, families=[IPV4])
        networks.create(
            external(
                id=f"net-{number}", vrf=500 + number, prefixes=cidrs(f"192.0.2.{number}/32"), destination_prefixes=()
            )
        )
    survey.run()
    assert statements(do) == few <= MAX_STATEMENTS
