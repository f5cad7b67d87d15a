"""The state of the installation: live while it is small, as of the last survey when it is large; both say the same."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, networks, projects
from ipam.domain.space import utilization
from ipam.models import Finding, Lease, Letter, Network, Partition, Project, Series, Survey, Webhook
from tests.builders import IPV4, child, cidrs, external
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


def test_live_and_surveyed_findings_are_the_same(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    live = said(survey.current_findings().findings)
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert said(survey.current_findings().findings) == live
    assert [one[0] for one in live] == ["family_nearly_full", "one_family_allocations", "project_without_networks"]


def test_large_overview_counts_what_it_does_not_show(
    cloud: None, large: None, partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MAX_OF_PARTITION", 1)
    surveying.run()
    stored = survey.overview()
    assert {(one.partition_id, one.pk) for one in stored.networks} == {(None, "full"), (partition.pk, "internet")}
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 200)
    monkeypatch.setattr(survey, "SMALL_ADDRESSES", 20_000)
    live = survey.overview()
    assert stored.counts == live.counts == {"": 1, partition.pk: 3}
    assert (stored.shares["full"], stored.totals) == (live.shares["full"], live.totals)
    assert len(live.networks) == 4


def test_fullest_networks_of_every_partition_come_first(cloud: None, large: None) -> None:
    surveying.run()
    found = survey.overview()
    assert [max(found.shares[one.pk].values()) for one in found.networks] == sorted(
        (max(shares.values()) for shares in found.shares.values()), reverse=True
    )
    assert [one.pk for one in found.networks[:2]] == ["full", "internet"]


def test_worst_comes_first(cloud: None) -> None:
    assert [one.severity for one in survey.current_findings().findings] == [1, 2, 3]


def test_survey_says_how_much_it_found(cloud: None) -> None:
    assert surveying.run() == Finding.objects.count() == 3


def test_survey_replaces_the_one_before(cloud: None, project: Project) -> None:
    surveying.run()
    addresses.release_many(Network.objects.get(pk="full").addresses.all())
    assert surveying.run() == 2
    assert list(Finding.objects.values_list("code", flat=True)) == [
        "one_family_allocations",
        "project_without_networks",
    ]
    assert Series.objects.get(network_id="full").utilization == 0
    assert Series.objects.of_networks().count() == 7


def test_survey_keeps_what_is_said_of_the_longest_names(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hours_ago = timezone.now() - timedelta(hours=2)
    Webhook.objects.create(url=f"https://{'a.' * 120}example.org:65535/", failing_since=hours_ago)
    address = f"{'a' * 243}@example.org"
    Letter.objects.create(
        address=address, subject="x", body="x", at=hours_ago, next_at=hours_ago, attempts=1, last_error="x" * 500
    )
    live = said(survey.current_findings().findings)
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert said(survey.current_findings().findings) == live
    lengths = {one[0]: (len(str(one[4])), len(str(one[6]))) for one in live}
    assert (lengths["mail_failing"], lengths["webhook_failing"]) == ((4, 500), (255, 125))


def test_survey_of_many_networks_goes_by_chunks(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = surveying.run()
    monkeypatch.setattr(surveying, "_CHUNK", 2)
    assert (surveying.run(), Series.objects.of_networks().count()) == (whole, 7)


def test_small_installation_is_of_now(cloud: None) -> None:
    assert (survey.current_findings().as_of, survey.overview().as_of) == (None, None)


def test_large_installation_is_as_of_its_survey(cloud: None, large: None) -> None:
    before = timezone.now()
    surveying.run()
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
        "No survey has been kept yet: let `manage.py work` run, or `manage.py survey` hourly, "
        "else rankings and findings are old.",
    )


@pytest.mark.parametrize(("hours", "is_old"), [(23.9, False), (24.1, True)])
def test_survey_is_old_after_a_day(hours: float, is_old: bool, cloud: None, large: None) -> None:
    surveying.run()
    taken = timezone.now() - timedelta(hours=hours)
    Survey.objects.update(at=taken)
    old = [one.sentence for one in survey.current_findings().findings if one.code == "survey_old"]
    text = f"No survey has been kept since {taken:%Y-%m-%d %H:%M} UTC: let `manage.py work` run, or `manage.py survey`"
    assert old == ([f"{text} hourly, else rankings and findings are old."] if is_old else [])


@pytest.mark.parametrize(("hours", "told"), [(None, []), (23.9, []), (24.1, ["survey_old"])])
def test_small_installation_that_was_surveyed_once_is_told_when_that_is_old(
    hours: float | None, told: list[str], cloud: None
) -> None:
    if hours is not None:
        Survey.objects.create(at=timezone.now() - timedelta(hours=hours))
    assert [one.code for one in survey.current_findings().findings if one.code == "survey_old"] == told


# --- who is told that nobody surveys --------------------------------------------------------------
@pytest.fixture
def failing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Take the survey that is due, and fail; the mails that were sent since the test began."""
    settings.ADMINS = [("Ada", "ada@example.org")]
    monkeypatch.setattr(utilization, "of_networks", lambda networks: 1 // 0)

    def run() -> list[str]:
        with pytest.raises(ZeroDivisionError):
            surveying.run_if_due()
        return [f"{one.to[0]}: {one.subject}" for one in mail.outbox]

    return run


MAIL = "ada@example.org: [Twofold] No survey for a day"


@pytest.mark.parametrize(("hours", "mails"), [(2, []), (25, [MAIL])])
def test_admins_hear_of_it_when_no_survey_succeeds_for_a_day(
    hours: float, mails: list[str], failing: Callable[[], list[str]], internet: Network
) -> None:
    Survey.objects.create(at=timezone.now() - timedelta(hours=hours))
    assert failing() == mails


def test_admins_hear_of_it_once_a_day(failing: Callable[[], list[str]], internet: Network) -> None:
    assert [failing(), failing()] == [[MAIL]] * 2
    Lease.objects.update(until=Now())  # a day later
    assert failing() == [MAIL] * 2


def test_admins_hear_of_it_later_when_the_mail_does_not_go(
    failing: Callable[[], list[str]], internet: Network, settings: Any
) -> None:
    settings.EMAIL_BACKEND, before = "django.core.mail.backends.smtp.EmailBackend", settings.EMAIL_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(OSError, match="refused"):
        surveying.run_if_due()
    settings.EMAIL_BACKEND = before
    assert failing() == [MAIL]


@pytest.mark.parametrize(("minutes", "is_due"), [(59, False), (61, True)])
def test_survey_is_due_after_an_hour(minutes: int, is_due: bool, internet: Network) -> None:
    taken = timezone.now() - timedelta(minutes=minutes)
    Survey.objects.create(at=taken)
    surveying.run_if_due()
    assert (Survey.objects.get().at > taken) == is_due


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
    surveying.run()
    few = statements(do)
    for number in range(15):
        owner = projects.create(name=f"p{number}")
        home = networks.create(child(parent=tenants, project=owner))
        addresses.allocate(home, project=owner, families=[IPV4])
        networks.create(
            external(
                id=f"net-{number}",
                vrf=500 + number,
                prefixes=cidrs(f"192.0.2.{number}/32"),
                destination_prefixes=(),
                partition=tenants.partition,  # behind the super network, as everything is measured beside one
            )
        )
    surveying.run()
    assert statements(do) == few <= MAX_STATEMENTS
