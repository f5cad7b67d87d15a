"""Forms: exactly what will be given, before anything happens; then just that; refusals beside their field."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.networks import addresses, networks
from ipam.models import IPAddress, Machine, MachineNetwork, Network, Partition, Project, RoleBinding
from ipam.models.roles import Role
from tests.builders import IPV4, child, cidrs, external, ip, prefixes_of

HTMX = {"HTTP_HX_REQUEST": "true"}


def fields(owner: Project, **changes: object) -> dict[str, object]:
    return {"project": str(owner.pk), "families": "both", "count": 1, "type": "static"} | changes


def test_preview_names_the_pair_and_takes_nothing(web: Client, internet: Network, project: Project) -> None:
    answer = web.post("/networks/internet/allocate/", fields(project, preview="1"), **HTMX)
    html = answer.content.decode()
    assert ("203.0.113.129" in html, "2001:db8:0:113::1" in html, "<html" in html) == (True, True, False)
    assert IPAddress.objects.count() == 0


def test_preview_without_scripts_is_the_whole_page(web: Client, internet: Network, project: Project) -> None:
    html = web.post("/networks/internet/allocate/", fields(project, preview="1")).content.decode()
    assert ("203.0.113.129" in html, "<html" in html) == (True, True)


def test_allocating_gives_what_the_preview_said(web: Client, internet: Network, project: Project) -> None:
    answer = web.post("/networks/internet/allocate/", fields(project, name="ingress"))
    assert answer.url == "/networks/internet/"
    assert [str(address) for address in IPAddress.objects.all()] == ["203.0.113.129", "2001:db8:0:113::1"]


def test_project_may_be_named_by_its_name(web: Client, internet: Network, project: Project) -> None:
    web.post("/networks/internet/allocate/", fields(project, project="alice"))
    assert IPAddress.objects.filter(project=project).count() == 2


def test_two_projects_of_one_name_are_told_apart_by_their_tenant(
    web: Client, internet: Network, project: Project
) -> None:
    Project.objects.create(name="alice", tenant="acme")
    html = web.post("/networks/internet/allocate/", fields(project, project="alice")).content.decode()
    assert "Several projects have that name" in html
    assert "alice · acme" in html
    web.post("/networks/internet/allocate/", fields(project, project="alice · acme"))
    assert IPAddress.objects.filter(project__tenant="acme").count() == 2


def test_taken_address_is_refused_beside_its_field_with_its_holder(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.140")], name="vpn")
    html = web.post("/networks/internet/allocate/", fields(project, ip="203.0.113.140")).content.decode()
    assert "203.0.113.140 is held by project" in html
    assert IPAddress.objects.count() == 1


def test_pair_with_one_named_half_gets_the_lowest_of_the_other_family(
    web: Client, internet: Network, project: Project
) -> None:
    asked = fields(project, ip="203.0.113.140")
    html = web.post("/networks/internet/allocate/", asked | {"preview": "1"}, **HTMX).content.decode()
    web.post("/networks/internet/allocate/", asked)
    taken = [str(address) for address in IPAddress.objects.all()]
    assert taken == ["203.0.113.140", "2001:db8:0:113::1"]
    assert [text in html for text in taken] == [True, True]


def test_one_family_with_a_named_address_stays_alone(web: Client, internet: Network, project: Project) -> None:
    web.post("/networks/internet/allocate/", fields(project, ip="203.0.113.140", families="ipv4"))
    assert [str(address) for address in IPAddress.objects.all()] == ["203.0.113.140"]


def test_named_address_of_the_family_that_was_not_chosen_is_refused(
    web: Client, internet: Network, project: Project
) -> None:
    asked = fields(project, ip="203.0.113.140", families="ipv6")
    html = web.post("/networks/internet/allocate/", asked).content.decode()
    assert "203.0.113.140 is IPv4. Choose a pair or IPv4 only, or another address." in html
    assert IPAddress.objects.count() == 0


def test_full_family_is_named(web: Client, project: Project) -> None:
    networks.create(external(prefixes=cidrs("203.0.113.128/31", "2001:db8::/64")))
    addresses.allocate(Network.objects.get(), project=project, families=[IPV4], count=2)
    html = web.post("/networks/internet/allocate/", fields(project)).content.decode()
    assert "IPv4 of internet has no free address" in html


def test_carving_previews_and_makes_a_prefix_of_each_family(web: Client, tenants: Network, project: Project) -> None:
    asked = {"project": str(project.pk), "type": "child", "families": "both", "name": "nodes"}
    preview = web.post("/networks/tenants/carve/", asked | {"preview": "1"}, **HTMX).content.decode()
    assert ("10.0.0.0/22" in preview, Network.objects.filter(parent=tenants).count()) == (True, 0)
    web.post("/networks/tenants/carve/", asked)
    assert prefixes_of(Network.objects.get(parent=tenants)) == ["10.0.0.0/22", "2001:db8:0:10::/96"]


def test_naming_one_length_keeps_the_default_of_the_other_family(
    web: Client, tenants: Network, project: Project
) -> None:
    asked = {"project": str(project.pk), "type": "child", "families": "both", "length_ipv4": "24"}
    web.post("/networks/tenants/carve/", asked)
    assert prefixes_of(Network.objects.get(parent=tenants)) == ["10.0.0.0/24", "2001:db8:0:10::/96"]


def test_length_of_the_family_that_was_not_chosen_is_refused(web: Client, tenants: Network, project: Project) -> None:
    asked = {"project": str(project.pk), "type": "child", "families": "ipv6", "length_ipv4": "24"}
    html = web.post("/networks/tenants/carve/", asked).content.decode()
    assert "There will be no IPv4 prefix. Choose that family too, or leave this empty." in html
    assert Network.objects.filter(parent=tenants).count() == 0


def test_machine_previews_its_addresses_and_asn(
    web: Client, tenants: Network, project: Project, partition: Partition
) -> None:
    private = networks.create(child(parent=tenants, project=project))
    asked = {"project": str(project.pk), "partition": "mini-lab", "role": "machine", "networks": [private.pk]}
    html = web.post("/machines/allocate/", asked | {"preview": "1"}, **HTMX).content.decode()
    assert ("10.0.0.1" in html, "2001:db8:0:10::1" in html, "4210000001" in html) == (True, True, True)
    assert Machine.objects.count() == 0


def test_machine_is_allocated_and_released(
    web: Client, tenants: Network, project: Project, partition: Partition
) -> None:
    private = networks.create(child(parent=tenants, project=project))
    asked = {"project": str(project.pk), "partition": "mini-lab", "role": "machine", "networks": [private.pk]}
    web.post("/machines/allocate/", asked)
    machine = Machine.objects.get()
    assert IPAddress.objects.filter(machine=machine).count() == 2
    assert web.post(f"/machines/{machine.pk}/release/").url == "/machines/"
    assert (Machine.objects.count(), IPAddress.objects.count()) == (0, 0)


def test_machine_form_offers_no_network_of_another_project(
    web: Client, tenants: Network, project: Project, stranger: Project, partition: Partition
) -> None:
    networks.create(child(parent=tenants, project=stranger, name="secret"))
    html = web.get(f"/machines/allocate/?project={project.pk}&partition=mini-lab&role=machine").content.decode()
    assert "secret" not in html


def test_machine_form_offers_no_more_networks_than_it_may_and_searches_among_all(
    monkeypatch: pytest.MonkeyPatch, web: Client, tenants: Network, project: Project, partition: Partition
) -> None:
    monkeypatch.setattr("ipam.forms.machines.MAX_OFFERED", 2)
    kept = {name: networks.create(child(parent=tenants, project=project, name=name)) for name in ("x", "y", "zebra")}
    asked = f"/machines/allocate/?project={project.pk}&partition=mini-lab&role=machine"
    offered = [web.get(f"{asked}{search}").context["form"] for search in ("", "&q=zeb")]
    assert [(len(form.fields["networks"].choices), form.has_more) for form in offered] == [(2, True), (1, False)]
    assert offered[1].fields["networks"].choices[0][0] == kept["zebra"].pk


def test_machine_joins_a_network_that_a_search_found(
    monkeypatch: pytest.MonkeyPatch, web: Client, tenants: Network, project: Project, partition: Partition
) -> None:
    monkeypatch.setattr("ipam.forms.machines.MAX_OFFERED", 1)
    _, other = (networks.create(child(parent=tenants, project=project, name=name)) for name in ("x", "y"))
    asked = {"project": str(project.pk), "partition": "mini-lab", "role": "machine", "q": "y", "networks": [other.pk]}
    web.post("/machines/allocate/", asked)
    assert [held.network_id for held in MachineNetwork.objects.all()] == [other.pk]


def test_releasing_gives_both_addresses_back(web: Client, internet: Network, project: Project) -> None:
    allocation = addresses.allocate(internet, project=project)[0].allocation
    assert web.post(f"/allocations/{allocation}/release/").url == "/networks/internet/"
    assert IPAddress.objects.count() == 0


def test_looking_at_a_release_releases_nothing(web: Client, internet: Network, project: Project) -> None:
    allocation = addresses.allocate(internet, project=project)[0].allocation
    web.get(f"/allocations/{allocation}/release/")
    assert IPAddress.objects.count() == 2


def test_network_in_use_is_not_deleted_and_says_why(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    html = web.post("/networks/internet/delete/").content.decode()
    assert "internet holds 2 addresses. Release them first." in html
    assert Network.objects.filter(pk="internet").exists()


def test_writes_need_the_csrf_token(internet: Network, project: Project, operator: object) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    answer = client.post("/networks/internet/allocate/", fields(project))
    assert (answer.status_code, IPAddress.objects.count()) == (403, 0)


def test_children_are_carved_where_they_are_named(web: Client, tenants: Network, project: Project) -> None:
    web.post(
        "/networks/tenants/carve/",
        {"project": project.pk, "type": "child", "families": "both", "prefixes": "10.0.128.0/22"},
    )
    assert [str(prefix) for prefix in tenants.children.get().prefixes.all()] == ["10.0.128.0/22"]


def test_many_children_are_carved_at_once(web: Client, tenants: Network, project: Project) -> None:
    asked = {"project": project.pk, "type": "child", "families": "both", "count": "3"}
    preview = web.post("/networks/tenants/carve/", asked | {"preview": "1"}, **HTMX).content.decode()
    assert "The 3 children will have" in " ".join(preview.split())
    web.post("/networks/tenants/carve/", asked)
    assert tenants.children.count() == 3


@pytest.mark.parametrize(
    ("path", "block"), [("/networks/tenants/", "10.0.0.0/16"), ("/prefixes/at/10.0.128.0/24/", "10.0.128.0/24")]
)
def test_free_block_leads_to_carving_exactly_it(web: Client, tenants: Network, path: str, block: str) -> None:
    (link,) = re.findall(r'href="(/networks/tenants/carve/\?prefixes=10[^"]*)"', web.get(path).content.decode())
    assert web.get(link).context["form"]["prefixes"].value().split() == [block, "2001:db8:0:10::/96"]  # with its half


def test_free_block_leads_to_allocating_its_first_address(web: Client, internet: Network) -> None:
    links = re.findall(
        r'href="(/networks/internet/allocate/\?ip=[^"]*)"', web.get("/networks/internet/").content.decode()
    )
    assert links[0] == "/networks/internet/allocate/?ip=203.0.113.160"
    assert web.get(links[0]).context["form"]["ip"].value() == "203.0.113.160"


def test_free_block_leads_to_its_past_whoever_may_take_nothing(
    client: Client, tenants: Network, project: Project
) -> None:
    viewer = User.objects.create_user("viewer")
    RoleBinding.objects.create(user=viewer, project=project, role=Role.VIEWER)
    client.force_login(viewer)
    page = client.get("/networks/tenants/").content.decode()
    assert "/prefixes/at/10.0.0.0/16/" in page
    assert "/carve/" not in page


def test_preview_of_many_children_shows_the_first_and_counts_the_rest(
    web: Client, tenants: Network, project: Project
) -> None:
    asked = {"project": project.pk, "type": "child", "families": "both", "count": "23", "preview": "1"}
    html = web.post("/networks/tenants/carve/", asked, **HTMX).content.decode()
    assert (html.count('<ul class="given'), "and 3 more children" in html) == (20, True)
