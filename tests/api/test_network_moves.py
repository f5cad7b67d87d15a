"""networks/{id}/move/: to another VRF, partition or project, with what lives there or not at all."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle
from ipam.domain.health import doctor
from ipam.domain.networks import (
    address_holders,
    addresses,
    claims,
    machines,
    networks,
    partitions,
    projects,
    quota_limits,
    ranges,
)
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.networks.ranges import Bounds
from ipam.models import VRF, AddressRange, Event, IPAddress, Machine, Network, Partition, Project, Quota, Tenure
from tests.builders import IPV4, child, cidrs, external, namespaced, underlay_network, worked_example
from tests.shared import shared_fixture


@shared_fixture
def crew() -> Project:
    return projects.create(name="crew")


@shared_fixture
def internet() -> Network:
    return networks.create(external(id="internet", vrf=9))


@pytest.fixture
def home(tenants: Network, project: Project) -> Network:
    return networks.create(child(parent=tenants, project=project, name="home"))


@pytest.fixture(autouse=True)
def _all_is_as_it_should_be(db: None) -> Any:
    yield
    assert [one.sentence for one in doctor.examine()] == []


def move(api: APIClient, network: Network, query: str = "", **where: Any) -> Any:
    return api.post(f"/api/v1/networks/{network.pk}/move/{query}", where, format="json")


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- to another project ----------------------------------------------------------------------------
def test_network_goes_to_another_project_with_all_that_lives_there(
    api: APIClient, home: Network, internet: Network, project: Project, crew: Project, partition: Partition
) -> None:
    for one in (project, crew):
        quota_limits.create(project=one, address_family=IPV4, resource="addresses", limit=9)
        quota_limits.create(project=one, address_family=IPV4, resource="networks", limit=9)
    addresses.allocate(home, project=project, name="pair")
    joined = [Attachment(network=home), Attachment(network=internet)]
    machines.allocate(id="m1", project=project, partition=partition, networks=joined)
    ranges.create(home, Bounds(inside=home.prefixes.in_order()[0].cidr, last_n=2), use="by-name", project=project)
    elsewhere = addresses.allocate(internet, project=project, families=[IPV4])

    assert move(api, home, project=str(crew.pk)).json()["project"] == str(crew.pk)
    assert {one.project for one in IPAddress.objects.exclude(pk=elsewhere[0].pk)} == {crew}
    assert IPAddress.objects.get(pk=elsewhere[0].pk).project == project
    assert Machine.objects.get(pk="m1").project == crew
    assert AddressRange.objects.get().project == crew
    assert set(Tenure.objects.open().exclude(address=elsewhere[0].address).values_list("project_name", flat=True)) == {
        "crew"
    }
    used = {(one.project.name, one.resource): one.used for one in Quota.objects.select_related("project")}
    assert (used[project.name, "addresses"], used["crew", "addresses"]) == (1, 3)
    assert (used[project.name, "networks"], used["crew", "networks"]) == (0, 1)
    whole = Event.objects.get(verb="move", part_of=None)
    assert (whole.title, whole.changes["project"]) == ("home", [str(project.pk), str(crew.pk)])
    assert sorted(whole.parts.values_list("kind", flat=True)) == ["machine", "range"]


def test_dry_run_moves_nothing(api: APIClient, home: Network, project: Project, crew: Project) -> None:
    addresses.allocate(home, project=project)
    assert move(api, home, "?dry_run=true", project=str(crew.pk)).json()["project"] == str(crew.pk)
    assert Network.objects.get(pk=home.pk).project == IPAddress.objects.first().project == project  # type: ignore[union-attr]


def test_quota_of_the_other_project_refuses_all_of_it(
    api: APIClient, home: Network, project: Project, crew: Project
) -> None:
    quota_limits.create(project=crew, address_family=IPV4, resource="addresses", limit=0)
    addresses.allocate(home, project=project)
    assert refusal(move(api, home, project=str(crew.pk))) == (409, "quota_exceeded")
    assert Network.objects.get(pk=home.pk).project == project


def test_machine_that_is_in_another_private_network_stays_and_keeps_it(
    api: APIClient, home: Network, tenants: Network, project: Project, crew: Project, partition: Partition
) -> None:
    narrow = networks.create(child(parent=tenants, project=project, name="narrow", address_family=[IPV4]))
    joined = [Attachment(network=narrow), Attachment(network=home, families=[home.allowed_families[1]])]
    machines.allocate(id="m1", project=project, partition=partition, networks=joined)
    answer = move(api, home, project=str(crew.pk))
    assert refusal(answer) == (409, "has_machines")
    assert answer.json()["detail"] == f"Machine m1 is also in narrow of project {project}. Release it first."


def test_address_that_a_machine_elsewhere_shares_keeps_the_network_where_it_is(
    api: APIClient, home: Network, tenants: Network, internet: Network, project: Project, crew: Project,
    partition: Partition,
) -> None:  # fmt: skip
    away = networks.create(child(parent=tenants, project=project, name="away"))
    for id, private in (("m1", home), ("m2", away)):
        joined = [Attachment(network=private), Attachment(network=internet)]
        machines.allocate(id=id, project=project, partition=partition, networks=joined)
    (vip,) = addresses.allocate(internet, project=project, families=[IPV4], type="static", shared="vip")
    for id in ("m1", "m2"):
        address_holders.hand_over([vip], Machine.objects.get(pk=id))
    answer = move(api, home, project=str(crew.pk))
    assert refusal(answer) == (409, "in_use")
    assert answer.json()["detail"] == f"{vip} belongs to machine m2, which stays. Take it off that first."
    address_holders.set_machines([vip], [Machine.objects.get(pk="m1")])
    assert move(api, home, project=str(crew.pk)).status_code == 200
    assert IPAddress.objects.get(pk=vip.pk).project == crew


def test_network_that_others_use_is_given_to_nobody(
    api: APIClient, internet: Network, project: Project, crew: Project
) -> None:
    (held,) = addresses.allocate(internet, project=project, families=[IPV4])
    assert refusal(move(api, internet, project=str(crew.pk))) == (400, "wrong_project")
    addresses.release(held)
    assert move(api, internet, project=str(crew.pk)).json()["project"] == str(crew.pk)
    addresses.allocate(internet, project=crew)
    assert move(api, internet, project=None).json()["project"] is None
    assert {one.project for one in IPAddress.objects.all()} == {crew}


def test_claimed_addresses_keep_their_network(api: APIClient, home: Network, project: Project, crew: Project) -> None:
    claims.claim(home, project=project, name="prod/web")
    answer = move(api, home, project=str(crew.pk))
    assert refusal(answer) == (409, "in_use")
    assert "“prod/web”" in answer.json()["detail"]


def test_cluster_goes_with_its_node_network(api: APIClient, home: Network, project: Project, crew: Project) -> None:
    cluster = lifecycle.create(worked_example(network=home, project=project))
    assert move(api, home, project=str(crew.pk)).status_code == 200
    cluster.refresh_from_db()
    assert cluster.project == crew


def test_child_moves_only_where_its_parent_gives(
    api: APIClient, tenants: Network, project: Project, crew: Project
) -> None:
    clusters = networks.create(namespaced(id="clusters"))
    copied = networks.create(child(parent=clusters, project=project))
    assert refusal(move(api, copied, project=str(crew.pk))) == (400, "wrong_project")
    only = networks.create(child(parent=tenants, project=project))
    assert move(api, tenants, project=str(project.pk)).json()["project"] == str(project.pk)
    assert refusal(move(api, only, project=str(crew.pk))) == (400, "wrong_project")


def test_super_network_takes_its_children_along_or_stays(
    api: APIClient, tenants: Network, home: Network, project: Project, crew: Project
) -> None:
    move(api, tenants, project=str(project.pk))
    answer = move(api, tenants, project=str(crew.pk))
    assert refusal(answer) == (409, "has_children")
    assert answer.json()["detail"].startswith(f"home follow {tenants}")
    held = addresses.allocate(home, project=project)
    assert move(api, tenants, project=str(crew.pk), with_children=True).status_code == 200
    assert {one.project for one in Network.objects.all()} == {crew}
    assert {one.project for one in IPAddress.objects.filter(pk__in=[one.pk for one in held])} == {crew}


# --- to another VRF --------------------------------------------------------------------------------
def test_network_moves_to_another_vrf_and_the_one_it_leaves_goes(api: APIClient, internet: Network) -> None:
    assert move(api, internet, vrf=77).json()["vrf"] == 77
    assert list(VRF.objects.values_list("pk", flat=True)) == [77]
    assert move(api, internet, vrf=9).json()["vrf"] == 9


def test_vrf_of_another_network_is_not_moved_into(api: APIClient, internet: Network) -> None:
    networks.create(external(id="other", vrf=10, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=()))
    assert refusal(move(api, internet, vrf=10)) == (409, "vrf_in_use")
    assert refusal(move(api, internet, vrf=None)) == (400, "required")


def test_children_follow_the_vrf_of_their_parent(api: APIClient, tenants: Network, home: Network) -> None:
    assert refusal(move(api, tenants, vrf=50)) == (409, "has_children")
    assert move(api, tenants, vrf=50, with_children=True).json()["vrf"] == 50
    assert Network.objects.get(pk=home.pk).vrf_id == 50
    assert refusal(move(api, home, vrf=51)) == (400, "vrf_inherited")
    assert refusal(move(api, tenants, vrf=None, with_children=True)) == (409, "has_children")


def test_network_below_a_reserved_cluster_stays_in_its_vrf(
    api: APIClient, tenants: Network, home: Network, project: Project
) -> None:
    lifecycle.reserve(lifecycle.create(worked_example(network=home, project=project)))
    assert refusal(move(api, home, vrf=50)) == (409, "in_use")


# --- to another partition --------------------------------------------------------------------------
def test_super_network_moves_to_another_partition_with_its_children(
    api: APIClient, tenants: Network, home: Network
) -> None:
    partitions.create(id="fra")
    assert refusal(move(api, tenants, partition="fra")) == (409, "has_children")
    assert move(api, tenants, partition="fra", with_children=True).json()["partition"] == "fra"
    assert Network.objects.get(pk=home.pk).partition_id == "fra"
    answer = move(api, home, partition=None)
    assert refusal(answer) == (400, "forbidden_field")


def test_machines_keep_their_network_in_their_partition(
    api: APIClient, tenants: Network, home: Network, project: Project, partition: Partition
) -> None:
    partitions.create(id="fra")
    machines.allocate(id="m1", project=project, partition=partition, networks=[Attachment(network=home)])
    answer = move(api, tenants, partition="fra", with_children=True)
    assert refusal(answer) == (400, "wrong_partition")
    assert answer.json()["detail"] == f"Machine m1 is in partition {partition}. Release it first."
    assert Network.objects.get(pk=tenants.pk).partition == partition


def test_partition_has_one_super_network(api: APIClient, tenants: Network, partition: Partition) -> None:
    fra = partitions.create(id="fra")
    networks.create(underlay_network(id="below", partition=fra, prefixes=cidrs("10.255.0.0/16")))
    assert refusal(move(api, Network(pk="below"), vrf=5)) == (400, "forbidden_field")
    assert refusal(move(api, Network(pk="below"), partition=None)) == (400, "required")
    assert move(api, Network(pk="below"), partition=partition.pk).json()["partition"] == partition.pk


def test_place_is_named(api: APIClient, home: Network) -> None:
    assert refusal(move(api, home)) == (400, "invalid")
    assert refusal(move(api, home, with_children=True)) == (400, "invalid")
    assert refusal(move(api, home, project="nobody")) == (404, "not_found")
