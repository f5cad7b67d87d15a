"""Reading the change history: the timeline of an address says who had it."""

from ipam.domain.core import timelines
from ipam.domain.core.timelines import Held, Holder
from ipam.domain.networks import addresses, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Event, Machine, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, ip, namespaced
from tests.shared import shared_fixture

INSIDE, OUTSIDE = ip("10.0.0.1"), ip("203.0.113.129")


def verbs(network: Network | str, address: object = OUTSIDE) -> list[str]:
    key = network if isinstance(network, str) else network.pk
    return [event.verb for event in timelines.of_address(key, address)]


def holders(network: Network, address: object = OUTSIDE) -> list[object]:
    """Who had the address after each event of it, newest first."""
    return [group_of(event, network, address).after for event in timelines.of_address(network.pk, address)]


def group_of(event: Event, network: Network, address: object) -> Held:
    """The group of the event that tells who had this address of this network, before and after."""
    (found,) = (
        group for group in timelines.holders(event) if group.network == network.pk and address in group.addresses
    )
    return found


def holder(project: Project, machine: Machine | None = None) -> Holder:
    return Holder(project.pk, machine.pk if machine else "")


@shared_fixture
def machine(private: Network, internet: Network, project: Project, partition: Partition) -> Machine:
    """Alice's machine in her private network and the internet."""
    attachments = [Attachment(network=private), Attachment(network=internet)]
    return machines.allocate(id="m1", project=project, partition=partition, networks=attachments)


def test_timeline_of_an_address_over_its_owners(
    internet: Network, private: Network, project: Project, stranger: Project, partition: Partition
) -> None:
    Event.objects.all().delete()
    (first,) = addresses.allocate(internet, project=project, families=[IPV4])
    addresses.release(first)
    (second,) = addresses.allocate(internet, project=stranger, families=[IPV4])
    addresses.release(second)
    attachments = [Attachment(network=private), Attachment(network=internet, families=[IPV4])]
    made = machines.allocate(project=project, partition=partition, networks=attachments)
    assert verbs(internet) == ["allocate", "release", "allocate", "release", "allocate"]
    assert holders(internet) == [holder(project, made), None, holder(stranger), None, holder(project)]


def test_static_address_is_its_projects_again_when_the_machine_goes(
    machine: Machine, project: Project, internet: Network, private: Network
) -> None:
    addresses.make_static(machine.addresses.filter(network="internet"))
    machines.release(machine)
    assert holders(internet)[0] == holder(project)
    assert holders(private, INSIDE)[0] is None
    assert verbs(internet) == ["release", "make-static", "allocate"]


def test_named_address_goes_from_its_project_to_its_machine(
    private: Network, project: Project, partition: Partition
) -> None:
    addresses.allocate(private, project=project, addresses=[INSIDE])
    attachment = Attachment(network=private, ips=[INSIDE])
    machines.allocate(id="m1", project=project, partition=partition, networks=[attachment])
    newest = timelines.of_address(private.pk, INSIDE)[0]
    assert group_of(newest, private, INSIDE) == Held(
        private.pk, Holder(project.pk, ""), Holder(project.pk, "m1"), [INSIDE]
    )


def test_completed_address_is_held_like_its_counterpart(
    internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    attachments = [Attachment(network=private), Attachment(network=internet, families=[IPV4])]
    machines.allocate(id="m1", project=project, partition=partition, networks=attachments)
    completion.complete(internet, IPV6)
    assert holders(internet, ip("2001:db8:0:113::1")) == [Holder(project.pk, "m1")]


def test_change_of_words_does_not_change_the_holder(internet: Network, project: Project) -> None:
    (address,) = addresses.allocate(internet, project=project, families=[IPV4])
    addresses.update(address, name="www")
    assert holders(internet) == [holder(project), holder(project)]
    assert verbs(internet) == ["update", "allocate"]


def test_same_address_in_two_namespaces_has_two_timelines(project: Project, stranger: Project) -> None:
    parent = networks.create(namespaced())
    mine, theirs = (networks.create(child(parent=parent, project=owner)) for owner in (project, stranger))
    address = ip("100.64.0.1")
    addresses.allocate(mine, project=project, addresses=[address])
    assert (verbs(mine, address), verbs(theirs, address)) == (["allocate"], [])


def test_address_that_another_begins_with_is_another(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.130")])
    assert verbs(internet, ip("203.0.113.13")) == []


def test_network_knows_the_machines_that_joined_it(machine: Machine, internet: Network) -> None:
    found = [(event.verb, event.kind) for event in timelines.newest(timelines.of_network("internet"), limit=10).rows]
    assert found == [("allocate", "machine"), ("create", "network")]


def test_machine_knows_what_happened_to_it(machine: Machine) -> None:
    machines.update(machine, name="db")
    machines.release(machine)
    found = timelines.newest(timelines.of_object("machine", "m1"), limit=2)
    assert [event.verb for event in found.rows] == ["release", "update"]
    older = timelines.newest(timelines.of_object("machine", "m1"), limit=2, cursor=found.next or "")
    assert [event.verb for event in older.rows] == ["allocate"]


def test_history_outlives_its_network(internet: Network, project: Project) -> None:
    (address,) = addresses.allocate(internet, project=project, families=[IPV4])
    addresses.release(address)
    networks.delete(internet)
    assert verbs("internet") == ["release", "allocate"]
