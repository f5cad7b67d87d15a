"""The database refuses a machine that has an address beside another which does not share it."""

import pytest
from django.db import IntegrityError, transaction

from ipam.domain.networks import addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import AddressHolder, IPAddress, Machine, Network, Partition, Project
from ipam.models.holder_guards import HOLDERS_SHARE
from tests.builders import IPV4
from tests.shared import shared_fixture


@shared_fixture
def machine(private: Network, project: Project, partition: Partition) -> Machine:
    return machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])


def taken(internet: Network, project: Project, shared: str) -> IPAddress:
    return addresses.allocate(internet, project=project, families=[IPV4], type="static", shared=shared)[0]


@pytest.mark.parametrize("shared", ["anycast", "vip"])
def test_machine_has_beside_others_what_is_shared(
    shared: str, machine: Machine, internet: Network, project: Project
) -> None:
    AddressHolder.objects.create(address=taken(internet, project, shared), machine=machine)


def test_machine_has_beside_others_nothing_else(machine: Machine, internet: Network, project: Project) -> None:
    own, vip = taken(internet, project, ""), taken(internet, project, "vip")
    held = AddressHolder.objects.create(address=vip, machine=machine)
    with pytest.raises(IntegrityError, match=HOLDERS_SHARE), transaction.atomic():
        AddressHolder.objects.create(address=own, machine=machine)
    with pytest.raises(IntegrityError, match=HOLDERS_SHARE), transaction.atomic():
        AddressHolder.objects.filter(pk=held.pk).update(address=own)


@pytest.mark.parametrize(("before", "after"), [("vip", ""), ("", "vip"), ("vip", "anycast")])
def test_address_is_shared_for_good_or_never(before: str, after: str, internet: Network, project: Project) -> None:
    one = taken(internet, project, before)
    with pytest.raises(IntegrityError, match=HOLDERS_SHARE), transaction.atomic():
        IPAddress.objects.filter(pk=one.pk).update(shared=after)
