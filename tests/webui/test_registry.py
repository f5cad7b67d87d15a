"""Networks, partitions, projects and VRFs: made, changed and deleted in the browser."""

import re

from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.people import members
from ipam.models import VRF, Network, Partition, Project, RoleBinding
from tests.builders import prefixes_of


def test_network_is_made_with_prefixes_of_both_families(web: Client, partition: Partition) -> None:
    asked = {"type": "super", "id": "tenants", "stack": "dual", "nat_type": "none", "partition": "mini-lab",
             "prefixes": "10.0.0.0/16 2001:db8:0:10::/64", "default_length_ipv4": "22", "default_length_ipv6": "96",
             "labels": "tier=gold"}  # fmt: skip
    assert web.post("/networks/new/", asked).url == "/networks/tenants/"
    made = Network.objects.get()
    assert (prefixes_of(made), made.labels) == (["10.0.0.0/16", "2001:db8:0:10::/64"], {"tier": "gold"})


def test_every_missing_field_of_a_network_is_named_beside_it(web: Client, db: None) -> None:
    asked = {"type": "external", "id": "internet", "stack": "dual", "nat_type": "none", "prefixes": "203.0.113.0/24"}
    html = web.post("/networks/new/", asked).content.decode()
    assert "Networks of type external need “vrf”." in html
    assert Network.objects.count() == 0


def test_editing_a_network_keeps_what_the_form_does_not_change(web: Client, tenants: Network) -> None:
    form = web.get("/networks/tenants/edit/").context["form"]
    asked = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}
    assert web.post("/networks/tenants/edit/", asked | {"name": "Tenants"}).url == "/networks/tenants/"
    changed = Network.objects.get()
    assert (changed.name, prefixes_of(changed)) == ("Tenants", prefixes_of(tenants))
    assert changed.default_child_prefix_length == tenants.default_child_prefix_length


def test_editing_a_network_refuses_an_overlap_beside_the_prefixes(
    web: Client, tenants: Network, internet: Network
) -> None:
    form = web.get("/networks/tenants/edit/").context["form"]
    asked = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}
    asked["prefixes"] += "\n203.0.113.0/24"
    html = web.post("/networks/tenants/edit/", asked).content.decode()
    assert "203.0.113.0/24 overlaps 203.0.113.128/25 of network internet" in html


def test_project_is_made_changed_and_deleted(web: Client, db: None) -> None:
    made = web.post("/projects/new/", {"name": "blue", "tenant": "acme"})
    project = Project.objects.get()
    assert made.url == f"/projects/{project.pk}/"
    web.post(f"/projects/{project.pk}/edit/", {"name": "green", "tenant": "acme"})
    assert Project.objects.get().name == "green"
    web.post(f"/projects/{project.pk}/delete/")
    assert Project.objects.count() == 0


def test_partition_in_use_is_not_deleted_and_says_why(web: Client, tenants: Network) -> None:
    html = web.post("/partitions/mini-lab/delete/").content.decode()
    assert "still has 1 network." in html
    assert Partition.objects.filter(pk="mini-lab").exists()


def test_vrf_made_by_hand_has_its_page(web: Client, db: None) -> None:
    assert web.post("/vrfs/new/", {"id": "4711", "name": "lab"}).url == "/vrfs/4711/"
    assert (VRF.objects.get().kept, web.get("/vrfs/4711/").status_code) == (True, 200)


def test_networks_on_its_page_have_the_columns_of_their_list(web: Client, internet: Network) -> None:
    kept, less = (web.get(f"/vrfs/{internet.vrf_id}/{query}").content.decode() for query in ("", "?columns=left"))
    assert [">Taken</th>" in page for page in (kept, less)] == [True, False]
    assert [page.count('class="c-left num"') for page in (kept, less)] == [2, 2]
    assert [page.count('class="c-due"') for page in (kept, less)] == [2, 0]


def test_owner_edits_how_the_own_network_is_described_and_nothing_else(
    client: Client, internet: Network, project: Project
) -> None:
    Network.objects.update(project=project)
    owner = User.objects.create_user("owner")
    members.grant(owner, "owner", project=project)
    client.force_login(owner)
    assert "/networks/internet/edit/" in client.get("/networks/internet/").content.decode()
    assert "/networks/internet/delete/" not in client.get("/networks/internet/").content.decode()
    assert list(client.get("/networks/internet/edit/").context["form"].fields) == ["name", "description", "labels"]
    client.post("/networks/internet/edit/", {"name": "Ours", "labels": "tier=gold", "nat_type": "ipv4-masquerade"})
    found = Network.objects.get()
    assert (found.name, found.labels, found.nat_type) == ("Ours", {"tier": "gold"}, internet.nat_type)


def test_member_is_removed_after_a_question_and_the_last_owner_stays(web: Client, project: Project) -> None:
    owner = User.objects.create_user("owner")
    members.grant(owner, "owner", project=project)
    url = f"/projects/{project.pk}/members/{owner.pk}/withdraw/"
    assert "The role of owner in alice is taken at once." in web.get(url).content.decode()
    assert "owner is the last owner of project alice" in web.post(url).content.decode()
    members.grant(User.objects.create_user("other"), "owner", project=project)
    web.post(url)
    assert [one.name for one in RoleBinding.objects.all()] == ["other"]


def test_form_of_a_new_network_has_the_fields_of_its_type_and_its_preview_makes_nothing(
    web: Client, partition: Partition
) -> None:
    lengths, of_externals = {"default_length_ipv4", "default_length_ipv6"}, {"vrf", "nat_type"}
    shown = {one: set(web.get(f"/networks/new/?type={one}").context["form"].fields) for one in ("super", "underlay")}
    assert (lengths & shown["super"], lengths & shown["underlay"]) == (lengths, set())
    assert (of_externals & shown["super"], of_externals & shown["underlay"]) == (of_externals, set())

    asked = {"type": "super", "id": "tenants", "stack": "dual", "nat_type": "none", "preview": "1",
             "prefixes": "10.0.0.0/16 2001:db8:0:10::/64",
             "default_length_ipv4": "22", "default_length_ipv6": "96"}  # fmt: skip
    html = web.post("/networks/new/", asked, headers={"HX-Request": "true"}).content.decode()
    assert ("<form" in html, "10.0.0.0/16" in html) == (False, True)
    assert "Room for 64 more dual-stack children; IPv4 runs out first" in html
    assert Network.objects.count() == 0


def test_preview_of_a_new_network_ties_both_families_and_shows_the_first_prefixes_of_each(
    web: Client, db: None
) -> None:
    four, six = [f"10.{number}.0.0/16" for number in range(7)], "2001:db8:0:10::/64"
    asked = {"type": "super", "id": "tenants", "stack": "dual", "nat_type": "none", "preview": "1",
             "prefixes": " ".join([*four, six]), "default_length_ipv4": "22", "default_length_ipv6": "96"}  # fmt: skip
    html = web.post("/networks/new/", asked, headers={"HX-Request": "true"}).content.decode()
    assert re.findall('<span class="address">([^<]*)', html) == [*four[:5], six]
    assert ("and 2 more IPv4 prefixes" in html, '<ul class="given pair">' in html) == (True, True)


def test_preview_of_an_edit_shows_what_will_be_and_changes_nothing(web: Client, tenants: Network) -> None:
    form = web.get("/networks/tenants/edit/").context["form"]
    asked = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}
    asked["prefixes"] += "\n198.18.0.0/16"
    html = web.post("/networks/tenants/edit/", asked | {"preview": "1"}).content.decode()
    assert "198.18.0.0/16" in html.split('id="preview"')[1]
    assert prefixes_of(Network.objects.get()) == prefixes_of(tenants)
