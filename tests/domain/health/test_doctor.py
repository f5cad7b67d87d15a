"""The doctor: each kind of damage, done behind the back of the domain, is found; what can be derived is mended."""

import uuid
from pathlib import Path

from django.db import connection

from ipam import domain
from ipam.apps import CHECKS
from ipam.domain.clusters import lifecycle
from ipam.domain.health import doctor, rebuilding
from ipam.domain.networks import addresses, machines, networks, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import (
    VRF,
    FreeBlock,
    IPAddress,
    MachineNetwork,
    Network,
    NumberRange,
    Partition,
    Prefix,
    Project,
    Tenure,
    guards,
)
from tests.builders import IPV4, child, cidrs, external, free_blocks, ip, super_network, worked_example
from tests.shared import shared_fixture


def findings() -> list[str]:
    return [finding.sentence for finding in doctor.examine()]


def repair() -> list[str]:
    """Apply every remedy once; what was derived anew."""
    remedies = {finding.remedy.title: finding.remedy for finding in doctor.examine() if finding.remedy}
    for remedy in remedies.values():
        remedy.apply()
    return list(remedies)


@shared_fixture
def ipv4(internet: Network) -> Prefix:
    return internet.prefixes.get(family=4)


@shared_fixture
def private(tenants: Network, project: Project) -> Network:
    """Alice's child network: 10.0.0.0/22 and 2001:db8:0:10::/96."""
    return networks.create(child(parent=tenants, project=project))


@shared_fixture
def namespaced() -> Network:
    prefixes = cidrs("10.128.0.0/16", "2001:db8:0:20::/64")
    return networks.create(super_network(type="super-namespaced", id="copies", prefixes=prefixes))


def test_doctor_asks_every_room_that_has_checks() -> None:
    rooms = Path(domain.__path__[0])
    stated = {f"{path.parent.name}.{path.stem}" for path in rooms.glob("*/*.py") if "\n@check\n" in path.read_text()}
    assert sorted(CHECKS) == sorted(stated)


def test_an_empty_installation_is_sound(db: None) -> None:
    assert findings() == []


def test_what_the_operations_leave_behind_is_sound(
    internet: Network, private: Network, namespaced: Network, partition: Partition, project: Project, stranger: Project
) -> None:
    for owner in (project, stranger):
        networks.create(child(parent=namespaced, project=owner))
    taken = addresses.allocate(internet, project=project, count=50)
    addresses.release_many(taken[10:20])
    attachments = [Attachment(network=private), Attachment(network=internet)]
    machines.allocate(project=project, partition=partition, networks=attachments)
    vrfs.create(id=77)
    assert findings() == []


def test_full_prefix_is_sound(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("192.0.2.0/31"), destination_prefixes=[]))
    addresses.allocate(network, project=project, count=2)
    assert findings() == []


# --- Free space: found and mended ---------------------------------------------------------------
def test_lost_free_block_is_found_and_mended(internet: Network, ipv4: Prefix) -> None:
    before = free_blocks(internet)
    FreeBlock.objects.filter(first=ip("203.0.113.192")).delete()
    assert findings() == [f"{ipv4} of internet: 203.0.113.192 to 203.0.113.223 is neither free nor taken."]
    assert repair() == [f"the free blocks of {ipv4} of internet"]
    assert findings() == []
    assert free_blocks(internet) == before


def test_address_that_is_free_too_is_found_and_mended(internet: Network, ipv4: Prefix, project: Project) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.129")])
    FreeBlock.objects.create(network=internet, prefix=ipv4, family=4, first=ip("203.0.113.129"), length=32)
    assert findings() == [f"{ipv4} of internet: 203.0.113.129 is free and taken at once."]
    repair()
    assert findings() == []


def test_reserved_address_that_is_free_is_found_and_mended(internet: Network, ipv4: Prefix) -> None:
    FreeBlock.objects.create(network=internet, prefix=ipv4, family=4, first=ip("203.0.113.128"), length=32)
    assert findings() == [
        f"{ipv4} of internet: 203.0.113.128 is free and reserved at once.",
        f"{ipv4} of internet: 203.0.113.128 and 203.0.113.129 are free, but not merged.",
    ]
    repair()
    assert findings() == []


def test_unmerged_buddies_are_found_and_mended(internet: Network, ipv4: Prefix) -> None:
    FreeBlock.objects.filter(first=ip("203.0.113.130")).update(length=32)
    FreeBlock.objects.create(network=internet, prefix=ipv4, family=4, first=ip("203.0.113.131"), length=32)
    assert findings() == [f"{ipv4} of internet: 203.0.113.130 and 203.0.113.131 are free, but not merged."]
    repair()
    assert findings() == []


def test_child_whose_space_is_free_too_is_found_and_mended(tenants: Network, private: Network) -> None:
    parent = tenants.prefixes.get(family=4)
    FreeBlock.objects.create(network=tenants, prefix=parent, family=4, first=ip("10.0.0.0"), length=22)
    assert findings() == ["10.0.0.0/16 of tenants: 10.0.0.0 to 10.0.3.255 is a child and free at once."]
    repair()
    assert findings() == []


def test_copies_of_a_namespaced_prefix_are_judged_and_mended_apart(
    namespaced: Network, project: Project, stranger: Project
) -> None:
    for owner in (project, stranger):
        networks.create(child(parent=namespaced, project=owner))
    FreeBlock.objects.filter(network=namespaced, namespace=project, family=4, length=17).delete()
    assert findings() == [
        "10.128.0.0/16 of copies: 10.128.128.0 to 10.128.255.255 is neither free nor taken "
        f"in the copy of project {project.pk}."
    ]
    repair()
    assert findings() == []


def test_copy_without_any_row_is_found_and_mended(namespaced: Network, project: Project) -> None:
    networks.create(child(parent=namespaced, project=project, address_family=[IPV4]))
    FreeBlock.objects.filter(network=namespaced, family=6).delete()
    assert findings() == [
        "2001:db8:0:20::/64 of copies: 2001:db8:0:20:: to 2001:db8:0:20:ffff:ffff:ffff:ffff is neither free nor taken "
        f"in the copy of project {project.pk}."
    ]
    repair()
    assert findings() == []


def test_free_block_in_a_copy_that_there_is_not_is_found_and_mended(
    internet: Network, ipv4: Prefix, project: Project
) -> None:
    FreeBlock.objects.create(
        network=internet, prefix=ipv4, family=4, first=ip("203.0.113.130"), length=31, namespace=project
    )
    assert findings() == [
        f"{ipv4} of internet: it has free space or children in the copy of project {project.pk} "
        "where it should have none."
    ]
    repair()
    assert findings() == []


def test_free_block_of_another_prefix_is_found_and_mended(internet: Network, ipv4: Prefix) -> None:
    FreeBlock.objects.create(network=internet, prefix=ipv4, family=4, first=ip("198.51.100.0"), length=24)
    assert findings() == [f"{ipv4} of internet: the free block 198.51.100.0/24 does not belong to it."]
    repair()
    assert findings() == []


def test_free_block_under_another_network_is_found_and_mended(
    internet: Network, ipv4: Prefix, tenants: Network
) -> None:
    FreeBlock.objects.filter(first=ip("203.0.113.130")).update(network=tenants)
    assert findings() == [f"{ipv4} of internet: the free block 203.0.113.130/31 does not belong to it."]
    repair()
    assert findings() == []


def test_only_broken_prefixes_are_rebuilt(internet: Network, ipv4: Prefix) -> None:
    sound = set(FreeBlock.objects.filter(family=6).values_list("pk", flat=True))
    FreeBlock.objects.filter(prefix=ipv4).delete()
    repair()
    assert set(FreeBlock.objects.filter(family=6).values_list("pk", flat=True)) == sound


def test_many_faults_of_one_prefix_are_counted(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("192.0.2.0/27"), destination_prefixes=[]))
    addresses.allocate(network, project=project, count=20)
    for address in IPAddress.objects.order_by("address")[::2]:
        address.delete()
    rebuilding.rebuild_tenures()
    assert findings()[-1] == "192.0.2.0/27 of internet: 7 more faults like these."
    assert len(findings()) == 4


# --- Tenures: found and mended -------------------------------------------------------------------
def test_address_of_which_no_tenure_tells_is_found_and_mended(internet: Network, project: Project) -> None:
    pair = addresses.allocate(internet, project=project)
    Tenure.objects.all().delete()
    assert sorted(findings()) == sorted(f"{one} of internet: no tenure says who holds it." for one in pair)
    assert repair() == ["the tenures of what is held"]
    assert findings() == []
    told = Tenure.objects.open().values_list("address", "project_id", "project_name", "since", "from_exact")
    assert sorted(told) == [(one.address, project.pk, "alice", one.created_at, False) for one in pair]


def test_tenure_of_what_somebody_else_holds_is_found_and_mended(
    internet: Network, project: Project, stranger: Project
) -> None:
    (address,) = addresses.allocate(internet, project=project, families=[IPV4])
    IPAddress.objects.update(project=stranger)
    assert findings() == [
        f"{address} of internet: no tenure says who holds it.",
        f"{address} of internet: its tenure has not ended, but nobody holds it so.",
    ]
    repair()
    assert findings() == []
    assert list(Tenure.objects.order_by("pk").values_list("project_id", flat=True)) == [project.pk, stranger.pk]


def test_child_prefix_of_which_no_tenure_tells_is_found_and_mended(private: Network) -> None:
    ended = Tenure.objects.of_blocks().filter(length=22)
    ended.delete()
    assert findings() == [f"10.0.0.0/22 of {private.pk}: no tenure says who holds it."]
    repair()
    assert findings() == []


def test_many_that_no_tenure_tells_of_are_counted(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], count=10)
    Tenure.objects.all().delete()
    assert findings()[-1] == "7 more such addresses or blocks: no tenure says who holds it."
    assert len(findings()) == 4


# --- Pools and guards: found and mended ----------------------------------------------------------
def test_lost_number_is_found_and_mended(db: None) -> None:
    NumberRange.objects.filter(pool="vrf").update(first=8)
    assert findings() == ["VRF pool: 1 to 7 is neither free nor taken."]
    assert repair() == ["the free ranges of the VRF pool"]
    assert findings() == []


def test_asn_that_is_free_too_is_found_and_mended(private: Network, partition: Partition, project: Project) -> None:
    machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    NumberRange.objects.filter(pool="asn", first=2).update(first=1)
    assert findings() == ["ASN pool: 1 is taken and free at once."]
    repair()
    assert findings() == []


def test_pool_may_be_in_pieces(db: None) -> None:
    NumberRange.objects.filter(pool="asn").update(first=10)
    NumberRange.objects.create(pool="asn", first=1, last=9)
    assert findings() == []


def drop_guards() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE ipam_prefix DROP CONSTRAINT {guards.SIBLINGS_DISJOINT}")
        else:
            cursor.execute(f"DROP TRIGGER {guards.SIBLINGS_DISJOINT}_on_insert")


def test_missing_guards_are_found_and_installed(db: None) -> None:
    drop_guards()
    assert findings() == ["The database does not refuse overlapping prefixes: its guards are missing."]
    assert repair() == ["the guards against overlapping prefixes"]
    assert findings() == []


# --- What a person has to decide -----------------------------------------------------------------
def test_overlapping_roots_are_found(db: None) -> None:
    drop_guards()
    network = networks.create(external(destination_prefixes=[], prefixes=cidrs("192.0.2.0/24")))
    prefix = Prefix.objects.create(
        network=network, family=4, first=ip("192.0.2.128"), last=ip("192.0.2.255"), length=25
    )
    assert f"192.0.2.0/24 of internet and {prefix} of internet overlap." in findings()


def test_prefix_that_is_no_block_is_found(internet: Network, ipv4: Prefix) -> None:
    Prefix.objects.filter(pk=ipv4.pk).update(last=ip("203.0.113.254"))
    assert findings() == [
        f"{ipv4} of internet: it reaches from 203.0.113.128 to 203.0.113.254, which is no such block."
    ]


def test_prefix_in_another_namespace_than_its_network_is_found(
    internet: Network, ipv4: Prefix, project: Project
) -> None:
    Prefix.objects.filter(pk=ipv4.pk).update(namespace=project)
    assert findings() == [f"{ipv4} of internet: its namespace is not that of its network."]


def test_child_outside_its_parent_is_found(tenants: Network, private: Network) -> None:
    Prefix.objects.filter(network=private, family=4).update(first=ip("10.9.0.0"), last=ip("10.9.3.255"))
    assert f"10.9.0.0/22 of {private.pk}: it does not lie in 10.0.0.0/16, which it was carved from." in findings()


def test_child_of_a_stranger_to_its_parent_is_found(private: Network, internet: Network) -> None:
    Network.objects.filter(pk=private.pk).update(parent=internet)
    assert findings() == [
        f"10.0.0.0/22 of {private.pk}: 10.0.0.0/16, which it was carved from, is not of its network's parent.",
        f"2001:db8:0:10::/96 of {private.pk}: 2001:db8:0:10::/64, which it was carved from, "
        "is not of its network's parent.",
    ]


def test_child_prefix_without_parent_is_found(private: Network) -> None:
    Prefix.objects.filter(network=private, family=4).update(
        parent=None, first=ip("192.0.2.0"), last=ip("192.0.2.255"), length=24
    )
    assert f"192.0.2.0/24 of {private.pk}: it is a child's, but was carved from nothing." in findings()


def test_prefix_with_children_and_addresses_is_found(tenants: Network, private: Network, project: Project) -> None:
    parent = tenants.prefixes.get(family=4)
    IPAddress.objects.create(
        address=ip("10.0.200.1"), family=4, network=tenants, prefix=parent, project=project, allocation=uuid.uuid4()
    )
    assert "10.0.0.0/16 of tenants: it holds addresses and children at once." in findings()


def test_address_outside_its_prefix_is_found(internet: Network, project: Project) -> None:
    ipv4, _ = addresses.allocate(internet, project=project)
    IPAddress.objects.filter(pk=ipv4.pk).update(address=ip("198.51.100.1"))
    assert findings()[0] == "198.51.100.1: it does not lie in 203.0.113.128/25, which it was taken from."


def test_address_of_the_other_family_than_its_prefix_is_found(
    internet: Network, ipv4: Prefix, project: Project
) -> None:
    _, ipv6 = addresses.allocate(internet, project=project)
    IPAddress.objects.filter(pk=ipv6.pk).update(prefix=ipv4)
    assert findings()[0] == "2001:db8:0:113::1: it does not lie in 203.0.113.128/25, which it was taken from."


def test_address_under_another_network_than_its_prefix_is_found(
    internet: Network, private: Network, project: Project
) -> None:
    ipv4 = addresses.allocate(internet, project=project, families=[IPV4])[0]
    IPAddress.objects.filter(pk=ipv4.pk).update(network=private)
    rebuilding.rebuild_tenures()
    assert findings() == [
        "203.0.113.129: its network or namespace is not that of 203.0.113.128/25, which it was taken from."
    ]


def test_address_in_another_namespace_than_its_prefix_is_found(internet: Network, project: Project) -> None:
    ipv4 = addresses.allocate(internet, project=project, families=[IPV4])[0]
    IPAddress.objects.filter(pk=ipv4.pk).update(namespace=project)
    rebuilding.rebuild_tenures()
    assert findings() == [
        "203.0.113.129: its network or namespace is not that of 203.0.113.128/25, which it was taken from."
    ]


def test_address_of_a_machine_that_is_not_in_its_network_is_found(
    private: Network, partition: Partition, project: Project
) -> None:
    machine = machines.allocate(
        id="node-1", project=project, partition=partition, networks=[Attachment(network=private, families=[IPV4])]
    )
    MachineNetwork.objects.filter(machine=machine).delete()
    assert findings() == [f"10.0.0.1: machine node-1 holds it, but is not in network {private.pk}."]


def test_allocation_of_two_projects_is_found(internet: Network, project: Project, stranger: Project) -> None:
    ipv4, ipv6 = addresses.allocate(internet, project=project)
    IPAddress.objects.filter(pk=ipv6.pk).update(project=stranger)
    rebuilding.rebuild_tenures()
    assert findings() == [
        f"203.0.113.129: its IPv6 counterpart in allocation {ipv4.allocation} is of another network or project."
    ]


def test_vrf_that_nobody_uses_or_keeps_is_found(db: None) -> None:
    vrfs.create(id=77)
    VRF.objects.update(kept=False)
    assert findings() == ["VRF 77: no network is in it, and nobody made it by hand. Delete it."]


def test_ranges_that_are_not_kept_as_their_cluster_says_are_found(private: Network, project: Project) -> None:
    web = lifecycle.create(worked_example(project=project, network=private), reserve=True)
    assert findings() == []
    web.ranges.filter(family=4, purpose="pods").update(reserved_in=None)
    assert findings() == ["Cluster web: it is reserved, but its pods 10.240.0.0/13 are not so."]
    web.ranges.filter(family=4, purpose="pods").delete()
    assert findings() == ["Cluster web: it has not one range of pods and services for each family."]
