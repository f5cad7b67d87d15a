"""What another system owns is only read here: every verb on it is refused, in one word, and changes nothing."""

from typing import Any

import pytest
from django.db import transaction

from ipam import errors
from ipam.domain.networks import addresses, completion, machine_batches, machines, ranges
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import AddressRange, IPAddress, Machine, Network, Partition, Project
from ipam.models.managed import METAL_STACK
from ipam.models.networks import SUPER_TYPES
from tests.api.writes import everything
from tests.builders import IPV4, IPV6
from tests.domain.verbs import VERBS, cast
from tests.shared import shared_fixture

# What Twofold keeps beside it, be it about projects and networks of others. (`claim` gives what is claimed already.)
OWN = {
    *("claim", "create VRF", "delete VRF", "name VRF", "name VRF of empty", "name another VRF", "take its range"),
    *("create cluster", "update cluster", "reserve cluster", "release cluster", "delete cluster"),
    "add services",
    *("limit addresses", "limit space", "remove range"),
}


@shared_fixture
def mirrored() -> None:
    """The cast, all of it metal-stack's."""
    cast()
    for model in (Partition, Project, Network, Machine, IPAddress):
        model.objects.update(managed_by=METAL_STACK)


@pytest.mark.parametrize("name", sorted(VERBS.keys() - OWN))
def test_verb_is_refused_and_changes_nothing(mirrored: None, name: str) -> None:
    before = everything()
    with pytest.raises(errors.ManagedElsewhere, match="managed by metal-stack"), transaction.atomic():
        VERBS[name].run()
    assert everything() == before


@shared_fixture
def unmirrored() -> None:
    """The cast, all of it Twofold's own."""
    cast()


def refused() -> set[str]:
    """The verbs that are refused because of who owns what."""
    found = set()
    for name, verb in VERBS.items():
        try:
            with transaction.atomic():
                verb.run()
                transaction.set_rollback(True)
        except errors.ManagedElsewhere:
            found.add(name)
        except errors.IpamError:
            pass  # as in this cast anyway
    return found


_OF_SUPERS = {
    *("add family", "carve", "carve in bare", "carve in namespace", "carve in plain", "carve small", "close copy"),
    *("delete bare", "delete namespaced", "delete plain", "first address of plain", "grow child", "import child"),
    *("import child below", "import child in bare", "import child in namespace", "lay range on super"),
    *("make external", "move bare", "open copy", "quarantine of super", "split super", "widen bare"),
    *("bare to a VRF", "give lan away", "widen namespaced"),
}
_OF_EXTERNALS = {
    *("add prefix", "add prefix to empty", "address for machine", "allocate", "allocate far", "allocate in empty"),
    *("allocate named", "allocate named in empty", "allocate three", "claim", "claim anew", "claim in empty"),
    *("complete", "complete empty", "delete empty", "gateway", "grow", "import address", "import counterpart"),
    *("import far", "import in empty", "lay range", "machine in empty", "machine with named", "machine with pair"),
    *("name in range", "quarantine", "remove prefix", "remove prefix of empty", "shrink", "split", "undo release"),
    *("addresses of draft", "addresses of reserved", "net to another VRF", "update empty"),
}
_OF_MACHINES = {
    *("address for machine", "attach", "give lan away", "import machine", "release machine", "take off"),
    "update machine",
}
_OF_ADDRESSES = {
    *(
        "attach",
        "claim",
        "give back",
        "give lan away",
        "release cluster",
        "take off",
        "import change",
        "import counterpart",
        "import machine",
        "join",
        "label",
        "machine with named",
    ),
    *("make static", "part", "release address", "release allocation", "release claim", "release claimed"),
    *("release machine", "release many", "undo allocation", "update address", "update allocation", "update claimed"),
}


@pytest.mark.parametrize(
    ("owned", "verbs"),
    [
        (Partition.objects.all(), {"delete partition"}),
        (Project.objects.all(), {"delete project"}),
        (Network.objects.filter(type__in=SUPER_TYPES), _OF_SUPERS),
        (Network.objects.filter(type="external"), _OF_EXTERNALS),
        (Machine.objects.all(), _OF_MACHINES),
        (IPAddress.objects.all(), _OF_ADDRESSES),
    ],
    ids=["partitions", "projects", "supers", "externals", "machines", "addresses"],
)
def test_own_objects_beside_others_change_and_nothing_is_taken_from_those(
    unmirrored: None, owned: Any, verbs: set[str]
) -> None:
    owned.update(managed_by=METAL_STACK)
    assert refused() == verbs


@pytest.mark.parametrize("role", ["machine", "firewall"])
def test_firewall_joins_no_underlay_of_another_system(
    internet: Network, private: Network, underlay: Network, partition: Partition, project: Project, role: str
) -> None:
    Network.objects.filter(pk=underlay.pk).update(managed_by=METAL_STACK)
    joined = [Attachment(network=private), Attachment(network=internet)]
    wanted: dict[str, Any] = {"project": project, "partition": partition, "networks": joined, "role": role}
    new = machine_batches.NewMachine(**wanted)
    is_made = machine_batches.Batch([new]).add(new, lambda made: None) is not None
    assert is_made is (role == "machine")
    if role == "firewall":
        with pytest.raises(errors.ManagedElsewhere, match="underlay is managed by metal-stack"):
            machines.allocate(**wanted)


def test_machine_does_not_let_go_of_static_addresses_of_another_system(
    internet: Network, private: Network, partition: Partition, project: Project
) -> None:
    held = addresses.allocate(internet, project=project, type="static")
    joined = [Attachment(network=private), Attachment(network=internet, ips=[one.address for one in held])]
    machine = machines.allocate(project=project, partition=partition, networks=joined)
    IPAddress.objects.filter(network=internet).update(managed_by=METAL_STACK)
    with pytest.raises(errors.ManagedElsewhere):
        machines.release(machine)
    assert {one.machine_id for one in internet.addresses.all()} == {machine.pk}


@pytest.mark.parametrize("owned", ["address", "machine"])
def test_half_of_another_system_is_not_completed_and_the_others_are(
    internet: Network, private: Network, partition: Partition, project: Project, owned: str
) -> None:
    own, half = (addresses.allocate(internet, project=project, families=[IPV4])[0] for _ in range(2))
    joined = [Attachment(network=private), Attachment(network=internet, ips=[half.address])]
    machine = machines.allocate(project=project, partition=partition, networks=joined)
    if owned == "address":
        IPAddress.objects.filter(pk=half.pk).update(managed_by=METAL_STACK)
    else:
        Machine.objects.filter(pk=machine.pk).update(managed_by=METAL_STACK)
    done = completion.complete(internet, IPV6)
    assert ([one.allocation for one in done.completed], done.remaining) == ([own.allocation], 0)
    assert [(one.allocation, one.reason.code) for one in done.refused] == [(half.allocation, "managed_elsewhere")]


def test_range_of_a_network_of_another_system_may_change_and_go(unmirrored: None) -> None:
    Network.objects.update(managed_by=METAL_STACK)
    kept = ranges.update(AddressRange.objects.get(name="kept"), name="told")
    ranges.delete(kept)
    assert not AddressRange.objects.exists()
