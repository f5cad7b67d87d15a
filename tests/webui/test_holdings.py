"""The top of the page of a project, partition or VRF: what it has, and when that runs out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.addressing import Family
from ipam.domain.networks import addresses, quota_limits
from ipam.domain.people import members, tokens
from ipam.models import Finding, Network, Project, Quota
from webui import listing


def test_page_of_a_project_counts_what_it_has_with_a_link_to_each_list(
    web: Client, project: Project, internet: Network
) -> None:
    robot = members.create_service_account(project, name="terraform", role="editor")
    tokens.issue(robot.user)
    members.grant(User.objects.create_user("eve"), "viewer", project=project)
    Finding.objects.create(code="unused_static", severity=2, kind="address", project_id=project.pk, sentence="Unused.")
    shown = web.get(f"/projects/{project.pk}/").context["tiles"]
    assert {one.label: one.number for one in shown} == {
        "Networks": 0, "Machines": 0, "Clusters": 0, "Claims": 0,
        "Members": 1, "Service accounts": 1, "Their tokens": 1, "Findings": 1,
    }  # fmt: skip
    assert [web.get(one.link).status_code for one in shown] == [200] * len(shown)


def test_more_than_a_page_counts_is_told_as_that(
    web: Client, project: Project, internet: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_COUNTED", 2)
    addresses.allocate(internet, project=project, count=2)
    addresses.allocate(internet, project=project, families=[Family.IPV6])
    shown = web.get(f"/projects/{project.pk}/").context["holdings"]
    assert [one.taken_text for one in shown] == ["2", "2+"]


def test_pairs_of_projects_with_more_addresses_than_a_page_counts_are_not_counted(
    client: Client, project: Project, stranger: Project, internet: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_COUNTED", 1)
    eve = User.objects.create_user("eve")
    for owner, count in ((project, 1), (stranger, 2)):
        members.grant(eve, "viewer", project=owner)
        addresses.allocate(internet, project=owner, count=count)
    client.force_login(eve)
    few, many = client.get("/").context["projects"]
    assert (few["pairs"], [text for _, text in few["held"]]) == (1, ["1", "1"])
    assert (many["pairs"], [text for _, text in many["held"]]) == (None, ["1+", "1+"])


def test_what_is_left_to_a_project_is_told_of_its_quota(web: Client, project: Project, internet: Network) -> None:
    addresses.allocate(internet, project=project)
    quota_limits.create(project=project, address_family=Family.IPV4, resource=Quota.Resource.ADDRESSES, limit=4)
    four, six = web.get(f"/projects/{project.pk}/").context["holdings"]
    assert (four.taken_text, four.left, four.left_of, four.percent) == ("1", "3", "of a quota of 4", "25 %")
    assert (six.taken_text, six.is_limited) == ("1", False)


@pytest.mark.parametrize(("section", "key"), [("partitions", "mini-lab"), ("vrfs", "104009")])
def test_what_is_left_to_others_is_told_of_their_networks(
    section: str, key: str, web: Client, project: Project, internet: Network
) -> None:
    Network.objects.update(partition="mini-lab")
    addresses.allocate(internet, project=project)
    four, _ = web.get(f"/{section}/{key}/").context["holdings"]
    assert (four.taken_text, four.left_of) == ("1", "in 1 network")


def test_network_that_is_nearly_full_is_named_where_no_day_can_be_told(
    web: Client, project: Project, internet: Network
) -> None:
    Network.objects.update(project=project)
    addresses.allocate(internet, project=project, count=120)
    assert web.get(f"/projects/{project.pk}/").context["verdict"] == "internet has 6 addresses of IPv4 left"


def test_quota_that_is_used_up_comes_before_networks_that_are_not(
    web: Client, project: Project, internet: Network
) -> None:
    addresses.allocate(internet, project=project)
    quota_limits.create(project=project, address_family=Family.IPV4, resource=Quota.Resource.ADDRESSES, limit=1)
    assert web.get(f"/projects/{project.pk}/").context["verdict"] == "The quota of IPv4 addresses is used up"


def test_findings_of_one_project_are_shown_alone(
    web: Client, project: Project, stranger: Project, internet: Network
) -> None:
    for owner in (project, stranger):
        addresses.allocate(internet, project=owner, families=[Family.IPV4])
    every, own = (web.get(url).context["findings"] for url in ("/findings/", f"/findings/?project={project.pk}"))
    assert {one.project_id for one, *_ in every} == {project.pk, stranger.pk}
    assert {one.project_id for one, *_ in own} == {project.pk}
