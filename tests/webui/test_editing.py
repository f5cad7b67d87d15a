"""Editing: machines, and the labels of partitions, projects and VRFs."""

from typing import Any

import pytest
from django.test import Client

from ipam.domain.networks import machines, networks, partitions, projects, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import VRF, Event, Machine, Network, Partition, Project
from tests.shared import shared_fixture


def edited(web: Client, url: str, **changes: str) -> Any:
    """The answer to the form at `url`, sent as it was shown but for `changes`."""
    form = web.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return web.post(url, {name: "" if value is None else value for name, value in shown.items()} | changes)


@shared_fixture
def machine(private: Network, project: Project, partition: Partition) -> Machine:
    return machines.allocate(
        id="m1",
        project=project,
        partition=partition,
        name="web",
        hostname="web-1",
        labels={"size": "c1", "rack": ""},
        networks=[Attachment(network=private)],
    )


def test_machine_is_changed(web: Client, machine: Machine) -> None:
    changes = {"name": "db", "hostname": "db-1", "description": "Postgres", "labels": "size=m1"}
    assert edited(web, "/machines/m1/edit/", **changes).url == "/machines/m1/"
    changed = Machine.objects.get()
    assert (changed.name, changed.hostname, changed.description, changed.labels) == (
        "db",
        "db-1",
        "Postgres",
        {"size": "m1"},
    )


def test_form_that_nobody_changed_keeps_everything_of_a_machine(web: Client, machine: Machine) -> None:
    edited(web, "/machines/m1/edit/")
    kept = Machine.objects.get()
    assert (kept.name, kept.hostname, kept.labels, kept.asn) == (
        "web",
        "web-1",
        {"size": "c1", "rack": ""},
        machine.asn,
    )


def test_machine_edit_is_an_event_of_the_dashboard(web: Client, machine: Machine) -> None:
    edited(web, "/machines/m1/edit/", name="db")
    event = Event.objects.all()[0]
    assert (event.verb, event.kind, event.door, event.changes) == (
        "update",
        "machine",
        "dashboard",
        {"name": ["web", "db"]},
    )


def test_unknown_machine_has_no_edit_page(web: Client, db: None) -> None:
    assert web.get("/machines/nowhere/edit/").status_code == 404


@pytest.mark.parametrize("section", ["partitions", "projects", "vrfs"])
def test_labels_of_small_lists_are_edited(section: str, web: Client, db: None) -> None:
    made: dict[str, Any] = {
        "partitions": lambda: partitions.create(id="fra", labels={"a": "1", "b": ""}),
        "projects": lambda: projects.create(name="blue", labels={"a": "1", "b": ""}),
        "vrfs": lambda: vrfs.create(id=7, labels={"a": "1", "b": ""}),
    }
    subject = made[section]()
    url = f"/{section}/{subject.pk}/edit/"
    assert web.get(url).context["form"]["labels"].value() == "a=1\nb"
    edited(web, url)
    subject.refresh_from_db()
    assert subject.labels == {"a": "1", "b": ""}
    edited(web, url, labels="  a = 2 \n\nc=x=y")
    subject.refresh_from_db()
    assert subject.labels == {"a": "2", "c": "x=y"}
    edited(web, url, labels="")
    subject.refresh_from_db()
    assert subject.labels == {}


def test_label_without_key_is_refused_at_its_field(web: Client, partition: Partition) -> None:
    form = edited(web, "/partitions/mini-lab/edit/", labels="=gold").context["form"]
    assert form.errors == {"labels": ["A label has a key in front of its “=”."]}
    assert Partition.objects.get().labels == {}


def test_id_of_a_small_list_is_no_field_of_its_edit_form(web: Client, partition: Partition) -> None:
    web.post("/partitions/mini-lab/edit/", {"id": "other", "name": "Lab", "description": "", "labels": ""})
    assert list(Partition.objects.values_list("id", "name")) == [("mini-lab", "Lab")]


def test_vrf_keeps_its_name_when_only_labels_change(web: Client, db: None) -> None:
    vrfs.create(id=7, name="seven")
    edited(web, "/vrfs/7/edit/", labels="a=1")
    assert list(VRF.objects.values_list("name", "labels")) == [("seven", {"a": "1"})]


# --- taking announcable CIDRs away ----------------------------------------------------------------
@shared_fixture
def announcing(tenants: Network) -> Network:
    return networks.update(tenants, additional_announcable_cidrs=["10.240.0.0/12", "fd00::/48"])


def cidrs_of(network: Network) -> list[str]:
    network.refresh_from_db()
    return [str(one) for one in network.additional_announcable_cidrs]


def test_announcable_cidr_is_not_taken_away_without_force(web: Client, announcing: Network) -> None:
    form = edited(web, "/networks/tenants/edit/", additional_announcable_cidrs="fd00::/48").context["form"]
    assert list(form.errors) == ["additional_announcable_cidrs"]
    assert cidrs_of(announcing) == ["10.240.0.0/12", "fd00::/48"]


def test_announcable_cidr_is_taken_away_by_force(web: Client, announcing: Network) -> None:
    answer = edited(web, "/networks/tenants/edit/", additional_announcable_cidrs="fd00::/48", force="on")
    assert (answer.url, cidrs_of(announcing)) == ("/networks/tenants/", ["fd00::/48"])


def test_network_without_announcable_cidrs_has_no_force(web: Client, internet: Network) -> None:
    assert "force" not in web.get("/networks/internet/edit/").context["form"].fields
    assert edited(web, "/networks/internet/edit/", name="Internet").url == "/networks/internet/"
    assert Network.objects.get().name == "Internet"


def test_new_network_has_no_force(web: Client, db: None) -> None:
    assert "force" not in web.get("/networks/new/").context["form"].fields


def test_quarantine_is_hours_per_family(web: Client, internet: Network) -> None:
    edited(web, "/networks/internet/edit/", quarantine_ipv6="0.5", quarantine_strict="on")
    changed = Network.objects.get(pk="internet")
    assert (changed.quarantine, changed.quarantine_strict) == ({"ipv6": 0.5}, True)
    assert web.get("/networks/internet/edit/").context["form"]["quarantine_ipv6"].value() == 0.5
