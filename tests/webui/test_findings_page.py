"""The page of findings: worst first, narrowed by severity, each with the page that mends it."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ipam.domain.insight import finding_marks, survey, surveying
from ipam.domain.networks import addresses, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members
from ipam.models import Finding, FindingMark, Network, NumberRange, Partition, Project, Survey
from tests.builders import IPV4, child, cidrs, external
from tests.shared import shared_fixture


@shared_fixture
def troubled(internet: Network, project: Project, stranger: Project) -> None:
    """A full network (serious), a half of a pair (warning), two projects without networks (info)."""
    full = networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/31"), destination_prefixes=()))
    addresses.allocate(full, project=project, count=2)
    addresses.allocate(internet, project=project, families=[IPV4])


def codes(web: Client, query: str = "") -> list[str]:
    return [finding.code for finding, *_ in web.get(f"/findings/{query}").context["findings"]]


def test_worst_is_first(web: Client, troubled: None) -> None:
    assert codes(web) == ["family_nearly_full", "one_family_allocations", *["project_without_networks"] * 2]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ("serious", ["family_nearly_full"]),
        ("warning", ["one_family_allocations"]),
        ("info", ["project_without_networks"] * 2),
    ],
)
def test_severity_narrows(severity: str, expected: list[str], web: Client, troubled: None) -> None:
    assert codes(web, f"?severity={severity}") == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("severity=nonsense", "A severity is one of serious, warning, info."),
        ("code=nonsense", "There is no finding “nonsense”. Known: family_nearly_full, "),
    ],
)
def test_filter_of_nothing_is_refused_in_words(query: str, said: str, web: Client, troubled: None) -> None:
    answer = web.get(f"/findings/?{query}")
    assert (answer.status_code, said in unescape(answer.content.decode())) == (400, True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("code=mail_failing", "No finding has this kind."),
        ("code=mail_failing&severity=info", "No finding has this severity and kind."),
        ("severity=info&snoozed=true", "No finding that is snoozed or accepted has this severity."),
    ],
)
def test_filter_that_finds_nothing_is_not_taken_for_order(query: str, said: str, web: Client, troubled: None) -> None:
    html = " ".join(web.get(f"/findings/?{query}").content.decode().split())
    assert (said in html, "Nothing to mend" in html) == (True, False)


def test_large_installation_is_narrowed_and_counted_before_it_is_cut(
    web: Client, troubled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    monkeypatch.setattr(survey, "MAX_FINDINGS", 1)
    for days in (0, 2):
        Survey.objects.update(at=timezone.now() - timedelta(days=days))
        answer = web.get("/findings/?code=project_without_networks")
        assert len(answer.context["findings"]) == (1 if days else 2)
        assert answer.context["severities"] == [("serious", 1), ("warning", 2 if days else 1), ("info", 2)]
        assert {one.code: one.count for one in answer.context["kinds"]}["project_without_networks"] == 2


def test_findings_come_in_pages(monkeypatch: pytest.MonkeyPatch, web: Client, troubled: None) -> None:
    every = codes(web)
    monkeypatch.setattr("ipam.domain.core.paging.DEFAULT_LIMIT", 3)
    cursor = web.get("/findings/").context["page"].next
    assert (codes(web), codes(web, f"?cursor={cursor}")) == (every[:3], every[3:])


def test_every_severity_is_counted_whatever_is_shown(web: Client, troubled: None) -> None:
    severities = web.get("/findings/?severity=info").context["severities"]
    assert severities == [("serious", 1), ("warning", 1), ("info", 2)]


def test_severity_is_said_in_words_not_by_colour_alone(web: Client, troubled: None) -> None:
    said = re.findall(r'<span class="badge[^"]*">(.) (\w+)</span>', web.get("/findings/").content.decode())
    assert said == [("■", "serious"), ("▲", "warning"), ("●", "info"), ("●", "info")]


def test_each_leads_to_the_page_of_what_it_is_about(
    web: Client, troubled: None, tenants: Network, private: Network, project: Project, partition: Partition
) -> None:
    machines.allocate(project=project, partition=partition, networks=[Attachment(network=private, families=[IPV4])])
    NumberRange.objects.all().delete()
    links = [(row.finding.code, row.link) for row in web.get("/findings/").context["findings"]]
    stranger = Project.objects.get(name="mallory")
    assert sorted(links) == sorted(
        [
            ("family_nearly_full", "/networks/full/"),
            ("one_family_allocations", "/networks/internet/"),
            ("one_family_allocations", f"/networks/{private.pk}/"),
            ("one_family_machines", f"/networks/{private.pk}/"),
            ("pool_nearly_empty", "/machines/"),
            ("pool_nearly_empty", "/vrfs/"),
            ("project_without_networks", f"/projects/{stranger.pk}/"),
        ]
    )
    assert {web.get(link).status_code for _, link in links} == {200}


def test_equal_names_are_told_apart_also_where_they_are_accepted(
    web: Client, tenants: Network, project: Project, stranger: Project
) -> None:
    for owner in (project, stranger):
        home = networks.create(child(parent=tenants, project=owner, name="private"))
        addresses.allocate(home, project=owner, families=[IPV4])
    rows = web.get("/findings/").context["findings"]
    assert sorted(row.name for row in rows) == ["private · alice", "private · mallory"]
    asked = web.post("/findings/accept/", {"key": [row.finding.key for row in rows], "ask": "1"})
    assert sorted(name for name, _ in asked.context["found"]) == ["private · alice", "private · mallory"]


@pytest.mark.parametrize("is_large", [False, True])
def test_row_offers_the_form_that_mends_it(
    is_large: bool, web: Client, troubled: None, private: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.allocate(private, project=project, families=[IPV4])
    surveying.run()
    if is_large:
        monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    rows = web.get("/findings/").context["findings"]
    remedies = {(row.finding.code, row.finding.object_id): row.remedy for row in rows if row.remedy}
    assert remedies == {
        ("family_nearly_full", "full"): ("Add a prefix", "/networks/full/prefixes/add/"),
        ("one_family_allocations", "internet"): ("Complete", "/networks/internet/complete/ipv6/"),
        ("one_family_allocations", private.pk): ("Complete", f"/networks/{private.pk}/complete/ipv6/"),
    }
    assert {web.get(remedy.link).status_code for remedy in remedies.values()} == {200}


def test_row_offers_a_form_only_to_whom_it_is_granted(
    client: Client, troubled: None, private: Network, project: Project
) -> None:
    addresses.allocate(private, project=project, families=[IPV4])
    owner = User.objects.create_user("owner")
    members.grant(owner, "owner", project=project)
    client.force_login(owner)
    rows = client.get("/findings/").context["findings"]
    assert {row.finding.object_id: row.remedy and row.remedy.text for row in rows} == {
        "full": None,
        "internet": None,
        private.pk: "Complete",
    }


def test_full_child_has_no_prefix_added(web: Client, tenants: Network, project: Project) -> None:
    tiny = networks.create(child(parent=tenants, project=project, length={IPV4: 30}))
    addresses.allocate(tiny, project=project, count=2, families=[IPV4])
    (row,) = web.get("/findings/?code=family_nearly_full").context["findings"]
    assert (row.finding.object_id, row.remedy) == (tiny.pk, None)


def test_unused_address_leads_to_its_page(web: Client, internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static")
    type(one).objects.update(updated_at="2020-01-01T00:00Z")
    links = {row.finding.code: row.link for row in web.get("/findings/").context["findings"]}
    assert links["unused_static"] == f"/addresses/{one.pk}/"


def test_missing_survey_of_a_large_installation_is_said_without_a_link(
    web: Client, troubled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    answer = web.get("/findings/")
    assert [(row.finding.code, row.link) for row in answer.context["findings"]] == [("survey_old", "")]
    assert "<strong>Survey</strong> No survey has been kept yet" in answer.content.decode()


def test_page_says_of_when_it_is(web: Client, troubled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "As of now." in web.get("/findings/").content.decode()
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert re.search(
        r"As of <time [^>]*>\d{4}-\d\d-\d\d \d\d:\d\d</time>, and judged again", web.get("/findings/").content.decode()
    )


def test_page_of_which_all_is_better_by_now_leads_on_to_the_next(
    web: Client, troubled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    monkeypatch.setattr("ipam.domain.core.paging.DEFAULT_LIMIT", 1)
    addresses.release_many(Network.objects.get(pk="full").addresses.all())
    html = web.get("/findings/").content.decode()
    assert ("Mended meanwhile" in html, "Next →" in html, "Nothing to mend" in html) == (True, True, False)


def test_surveyed_page_shows_what_was_surveyed(web: Client, troubled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    live = codes(web)
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert codes(web) == live
    assert Finding.objects.count() == len(live)


def test_nothing_to_mend_is_said(web: Client, db: None) -> None:
    assert "Nothing to mend" in web.get("/findings/").content.decode()
    assert "all 0 findings" not in web.get("/").content.decode()


def test_networks_to_complete_are_told_apart_by_their_tenants(web: Client, private: Network, project: Project) -> None:
    addresses.allocate(private, project=project, families=[IPV4])
    Project.objects.update(tenant="acme")
    page = " ".join(web.get("/findings/complete/").content.decode().split())
    assert f'>{private}</a> <span class="soft">of acme, 1 without IPv6' in page


def test_all_halves_of_pairs_are_completed_by_one_button_a_batch_at_a_time(
    monkeypatch: pytest.MonkeyPatch, web: Client, troubled: None, project: Project
) -> None:
    lan = networks.create(external(id="lan", vrf=8, prefixes=cidrs("198.18.0.0/24", "2001:db8:0:18::/64")))
    addresses.allocate(lan, project=project, families=[IPV4], count=2)
    monkeypatch.setattr("webui.views.findings.BATCH", 2)
    assert 'href="/findings/complete/"' in web.get("/findings/").content.decode()
    assert "Complete all 3 allocations in 2 networks" in " ".join(
        web.get("/findings/complete/").content.decode().split()
    )

    for having, runs_on in ((2, True), (3, False)):
        part = web.post("/findings/complete/", {"of": "3"}, headers={"HX-Request": "true"}).content.decode()
        assert (f'data-announce="{having} of 3 complete"' in part, "load delay" in part) == (True, runs_on)
    assert "one_family_allocations" not in codes(web)


def test_network_that_is_full_is_told_of_and_keeps_no_other_waiting(
    web: Client, troubled: None, project: Project
) -> None:
    tiny = networks.create(external(id="a-tiny", vrf=8, prefixes=cidrs("198.18.0.0/24", "2001:db8:0:18::/127")))
    addresses.allocate(tiny, project=project, families=[IPV4], count=3)
    answer = web.post("/findings/complete/")
    assert [str(network) for network, _ in answer.context["done"].refused] == ["a-tiny"]
    assert (answer.context["done"].completed, answer.context["lacking"]) == (3, 1)
    assert "Complete the next 1<" in answer.content.decode()


@pytest.mark.parametrize("of", ["9" * 5000, "٣", "-1", "x"])
def test_number_that_is_none_is_as_good_as_no_number(of: str, web: Client, troubled: None) -> None:
    assert web.post("/findings/complete/", {"of": of}).context["total"] == 0


def test_next_batch_goes_on_where_the_last_ended(
    web: Client, troubled: None, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipam.domain.insight.mending._MAX_REFUSED", 1)
    tiny = networks.create(external(id="a-tiny", vrf=8, prefixes=cidrs("198.18.0.0/24", "2001:db8:0:18::/127")))
    addresses.allocate(tiny, project=project, families=[IPV4], count=3)
    part = web.post("/findings/complete/", headers={"HX-Request": "true"}).content.decode()
    after = re.search(r'name="after" value="([^"]+)"', part)
    assert after is not None
    assert "load delay" in part
    part = web.post("/findings/complete/", {"after": after[1]}, headers={"HX-Request": "true"}).content.decode()
    assert "Just now 1 was completed." in part
    assert "load delay" not in part


def test_a_network_narrows_and_stays_while_a_severity_is_chosen(web: Client, troubled: None) -> None:
    (network,) = {one.object_id for one, *_ in web.get("/findings/?severity=serious").context["findings"]}
    answer = web.get(f"/findings/?network={network}")
    assert {one.network_id for one, *_ in answer.context["findings"]} == {network}
    assert f'href="?network={network}&amp;severity=info"' in answer.content.decode()


def test_who_snoozed_one_is_back_at_the_list_as_it_was_narrowed(web: Client, troubled: None) -> None:
    (finding, *_), *_ = web.get("/findings/?severity=serious").context["findings"]
    given = {"until": "2030-01-01T00:00", "reason": "known"}
    for back, then in (("/findings/?severity=serious", "/findings/?severity=serious"), ("//evil/", "/findings/")):
        answer = web.post(f"/findings/accept/?{urlencode({'key': finding.key, 'back': back})}", given)
        assert (answer.status_code, answer.url) == (302, then)


def test_ticked_findings_are_told_one_by_one_and_accepted_together(web: Client, troubled: None) -> None:
    found = [finding for finding, *_ in web.get("/findings/?severity=info").context["findings"]]
    ticked = {"key": [one.key for one in found], "back": "/findings/?severity=info"}
    asked = web.post("/findings/accept/", {**ticked, "ask": "1"})
    page = " ".join(asked.content.decode().split())
    assert [f"<strong>{one.object_name}</strong> {one.sentence}" in page for one in found] == [True, True]
    assert ("All of these, or none." in page, "Accept 2 findings" in page) == (True, True)
    assert not FindingMark.objects.exists()

    answer = web.post("/findings/accept/", {**ticked, "reason": "spare"}, follow=True)
    assert answer.redirect_chain == [("/findings/?severity=info", 302)]
    assert [str(one) for one in answer.context["messages"]] == ["Accepted: 2 findings"]
    assert codes(web) == ["family_nearly_full", "one_family_allocations"]
    assert codes(web, "?snoozed=true") == ["project_without_networks"] * 2


def test_reopening_is_asked_before_it_is_done(web: Client, troubled: None) -> None:
    keys = [finding.key for finding, *_ in web.get("/findings/?severity=info").context["findings"]]
    finding_marks.accept(keys, reason="spare")
    assert "Reopen 2 findings" in web.post("/findings/reopen/", {"key": keys, "ask": "1"}).content.decode()
    assert FindingMark.objects.count() == 2
    web.post("/findings/reopen/", {"key": keys})
    assert not FindingMark.objects.exists()


def test_answer_without_a_reason_keeps_what_was_ticked(web: Client, troubled: None) -> None:
    keys = [finding.key for finding, *_ in web.get("/findings/?severity=info").context["findings"]]
    page = web.post("/findings/accept/", {"key": keys, "reason": ""})
    assert (page.context["keys"], page.context["form"].errors) == (keys, {"reason": ["This field is required."]})
    assert not FindingMark.objects.exists()


def test_act_on_nothing_says_what_to_do(web: Client, troubled: None) -> None:
    answer = web.post("/findings/accept/", {"ask": "1", "back": "/findings/?severity=info"}, follow=True)
    assert answer.redirect_chain == [("/findings/?severity=info", 302)]
    assert [str(one) for one in answer.context["messages"]] == ["Nothing was selected. Tick the rows that you mean."]


def test_selection_that_no_list_gives_is_refused(web: Client, troubled: None) -> None:
    answer = web.post("/findings/accept/", {"key": "a\0b", "ask": "1"})
    assert (answer.status_code, "The selection is not valid." in answer.content.decode()) == (400, True)


def test_only_who_may_answer_for_a_finding_ticks_it(web: Client, troubled: None, client: Client) -> None:
    boxes = re.compile(r'<input type="checkbox"\s+name="key"')
    assert len(boxes.findall(web.get("/findings/").content.decode())) == 4
    auditor = User.objects.create_user("auditor")
    members.grant(auditor, "auditor")
    client.force_login(auditor)
    page = client.get("/findings/").content.decode()
    assert (boxes.findall(page), "what is ticked" in page) == ([], False)
