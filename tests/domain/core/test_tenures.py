"""Who held what, from when until when: tenures begin and end with addresses and child prefixes."""

import io
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from ipam import errors
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.planning import NewCluster
from ipam.domain.core import pruning
from ipam.domain.files import backup, importing
from ipam.domain.files.kinds import ADDRESSES
from ipam.domain.files.tables import Table
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, children, claims, machines, networks, projects
from ipam.domain.networks.machines import Attachment
from ipam.models import Event, IPAddress, Network, Partition, Project, Tenure
from tests.builders import IPV4, IPV6, child, namespaced
from tests.clouds import empty


def told(*columns: str, **of: Any) -> list[Any]:
    """These columns of tenures, the oldest first."""
    return list(Tenure.objects.filter(**of).order_by("pk").values_list(*columns, flat=len(columns) == 1))


@pytest.fixture
def home(tenants: Network, project: Project) -> Network:
    return networks.create(child(parent=tenants, project=project, name="home"))


def test_address_is_held_from_its_allocation_on(internet: Network, project: Project) -> None:
    (address,) = addresses.allocate(internet, project=project, families=[IPV4], name="web", type="static")
    event, tenure = Event.objects.get(verb="allocate"), Tenure.objects.get()
    assert (tenure.address, tenure.length, tenure.prefix_length) == (address.address, None, 25)
    assert (tenure.network_id, tenure.namespace_id, tenure.allocation) == ("internet", None, address.allocation)
    assert (tenure.project_id, tenure.project_name, tenure.machine_id) == (project.pk, "alice", "")
    assert (tenure.name, tenure.type, tenure.since, tenure.from_exact) == ("web", "static", event.at, True)
    assert (tenure.begun_by, tenure.actor, tenure.door) == (event.pk, event.actor, "command")
    assert (tenure.until, tenure.ended_by) == (None, None)


def test_release_ends_a_tenure_by_its_event(internet: Network, project: Project) -> None:
    addresses.release_many(addresses.allocate(internet, project=project))
    event = Event.objects.get(verb="release")
    assert told("until", "ended_by") == [(event.at, event.pk)] * 2


def test_any_number_of_addresses_begin_by_one_statement_and_end_by_one(home: Network, project: Project) -> None:
    with CaptureQueriesContext(connection) as captured:
        addresses.release_many(addresses.allocate(home, project=project, count=100))
    assert sum("INSERT INTO ipam_tenure" in query["sql"] for query in captured) == 1
    assert sum("UPDATE ipam_tenure" in query["sql"] for query in captured) == 1


def test_machine_that_takes_a_named_address_is_another_tenure_of_it(
    home: Network, project: Project, partition: Partition
) -> None:
    held = addresses.allocate(home, project=project, families=[IPV4], type="static")
    attachment = Attachment(network=home, ips=[held[0].address])
    machine = machines.allocate(project=project, partition=partition, networks=[attachment], name="db")
    machines.release(machine)
    assert told("machine_id", "machine_name", length=None) == [("", ""), (machine.pk, "db"), ("", "")]
    assert told("ended_by", length=None)[:2] == told("begun_by", length=None)[1:]


def test_another_name_is_no_other_tenure(internet: Network, project: Project) -> None:
    (address,) = addresses.allocate(internet, project=project, families=[IPV4], name="web")
    addresses.update(address, name="www")
    projects.update(project, name="bob")
    assert told("name", "project_name") == [("web", "alice")]


def test_one_holder_at_a_time_is_proven_by_the_database(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4])
    again = Tenure.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_same_address_of_two_namespaces_has_two_holders(project: Project, stranger: Project) -> None:
    parent = networks.create(namespaced())
    for owner in (project, stranger):
        addresses.allocate(networks.create(child(parent=parent, project=owner)), project=owner, families=[IPV4])
    assert sorted(told("namespace_id", length=None)) == sorted([project.pk, stranger.pk])
    addresses.release_many(IPAddress.objects.filter(project=stranger))
    assert told("namespace_id", length=None, until=None) == [project.pk]


def test_child_network_holds_its_prefixes_from_its_carving_until_it_goes(
    home: Network, tenants: Network, project: Project
) -> None:
    carved, network_id = Event.objects.get(verb="carve"), home.pk
    assert sorted(told("network_id", "length", "prefix_length", "project_id", "name", "type", "begun_by")) == [
        (network_id, length, parent, project.pk, "home", "child", carved.pk) for length, parent in ((22, 16), (96, 64))
    ]
    networks.delete(home)
    assert told("ended_by") == [Event.objects.get(verb="delete").pk] * 2


def test_family_that_is_added_is_a_block_that_is_held(tenants: Network, project: Project) -> None:
    narrow = networks.create(child(parent=tenants, project=project, address_family=[IPV4]))
    children.add_family(narrow, IPV6)
    assert told("begun_by", length=96) == [Event.objects.get(verb="add-family").pk]


def test_node_network_of_a_cluster_is_carved_in_its_event(tenants: Network, project: Project) -> None:
    lifecycle.create(NewCluster(name="web", project=project, parent=tenants, wanted_nodes=50))
    event = Event.objects.get(kind="cluster")
    assert told("begun_by") == [event.pk] * 2
    assert list(event.parts.values_list("verb", "kind")) == [("carve", "network")]


def test_what_a_part_takes_is_held_from_then_on_and_not_since_its_whole_began(
    tenants: Network, project: Project
) -> None:
    cluster = lifecycle.create(NewCluster(name="web", project=project, parent=tenants, wanted_nodes=50))
    assert min(told("since")) >= cluster.network.created_at


def test_claim_begins_and_ends_the_tenures_of_its_addresses(internet: Network, project: Project) -> None:
    claims.release(claims.claim(internet, project=project, name="vip"))
    released, claimed = Event.objects.filter(kind="claim")
    assert told("begun_by", "ended_by") == [(claimed.pk, released.pk)] * 2


def imported(network: Network, project: Project) -> Event:
    row = f"ip,network,project\n203.0.113.200,{network.pk},{project.pk}\n"
    importing.apply(Table(ADDRESSES, io.BytesIO(row.encode()), "csv"))
    return Event.objects.get(verb="import")


def test_what_an_import_brings_may_have_been_held_before(internet: Network, project: Project) -> None:
    event = imported(internet, project)
    assert told("begun_by", "from_exact") == [(event.pk, False)]


def test_restored_addresses_are_held_since_they_were_made_or_before(internet: Network, project: Project) -> None:
    (address,) = addresses.allocate(internet, project=project, families=[IPV4])
    document = "".join(backup.write())
    empty()
    backup.restore(io.StringIO(document))
    assert told("address", "since", "from_exact") == [(address.address, address.created_at, False)]


def test_tenures_outlive_the_events_that_began_and_ended_them(internet: Network, project: Project) -> None:
    addresses.release_many(addresses.allocate(internet, project=project))
    kept = told("begun_by", "ended_by", "since", "until")
    newest = Event.objects.latest("at")
    pruning.prune(newest.at)
    pruning.prune(Event.objects.latest("at").at)
    assert not Event.objects.filter(pk__lte=newest.pk).exists()
    assert told("begun_by", "ended_by", "since", "until") == kept
    assert list(doctor.violations_of_tenures()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("count", [1, 10])
def test_project_that_has_just_gone_gets_nothing_in_words(internet: Network, project: Project, count: int) -> None:
    gone = Project(pk=project.pk)
    projects.delete(project)
    with pytest.raises(errors.Busy, match="removed what it needs"):
        addresses.allocate(internet, project=gone, count=count)
    assert not Tenure.objects.exists()
