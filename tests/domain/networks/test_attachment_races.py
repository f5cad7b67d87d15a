"""Static addresses that are attached and taken off while their machines go, or while somebody releases them."""

from functools import partial
from typing import Any

import pytest

from ipam.domain.health import doctor
from ipam.domain.networks import addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import AddressHolder, IPAddress, Machine, Network, Partition, Project, Tenure
from tests.builders import IPV4
from tests.domain import clients
from tests.domain.crowd import in_processes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nodes(private: Network, internet: Network, project: Project, partition: Partition) -> list[Machine]:
    joined = [Attachment(network=private, auto=False), Attachment(network=internet, auto=False)]
    return [
        machines.allocate(id=f"node-{number}", project=project, partition=partition, networks=joined)
        for number in range(3)
    ]


@pytest.fixture
def vip(internet: Network, project: Project) -> IPAddress:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static")
    return one


def open_tenures() -> list[str]:
    return [one.machine_id for one in Tenure.objects.open().of_addresses()]


@pytest.mark.parametrize("attempt", range(3))
def test_address_that_is_attached_while_its_machine_goes_is_nobodys(
    attempt: int, nodes: list[Machine], vip: IPAddress
) -> None:
    tasks: list[Any] = [partial(clients.hand_over, vip.pk, ["node-0", None], times=4)] * 2
    *attached, gone = in_processes([*tasks, partial(clients.release_machine, "node-0")])
    assert gone == "done"
    assert {code for each in attached for code in each} <= {"done", "not_found"}
    assert (IPAddress.objects.get().machine_id, open_tenures()) == (None, [""])
    assert [one.sentence for one in doctor.examine()] == []


@pytest.mark.parametrize("attempt", range(3))
def test_address_is_attached_or_released(attempt: int, nodes: list[Machine], vip: IPAddress) -> None:
    *attached, released = in_processes(
        [*[partial(clients.hand_over, vip.pk, [f"node-{number}"]) for number in range(3)],
         partial(clients.release_address, vip.pk)]
    )  # fmt: skip
    is_gone = released == "done"
    assert released in ("done", "in_use")
    assert {code for each in attached for code in each} <= {"done", "not_found"}
    assert (IPAddress.objects.exists(), len(open_tenures())) == (not is_gone, not is_gone)
    assert [one.sentence for one in doctor.examine()] == []


# --- shared ---------------------------------------------------------------------------------------
@pytest.fixture
def anycast(internet: Network, project: Project) -> IPAddress:
    wanted = {"type": "static", "shared": "anycast"}
    return addresses.allocate(internet, project=project, families=[IPV4], **wanted)[0]


@pytest.mark.parametrize("attempt", range(3))
def test_shared_address_is_left_with_machines_that_are_there(
    attempt: int, nodes: list[Machine], anycast: IPAddress
) -> None:
    tasks: list[Any] = [partial(clients.hand_over, anycast.pk, [f"node-{number}"], times=3) for number in range(3)]
    *attached, one, two = in_processes(
        [*tasks, *[partial(clients.release_machine, f"node-{number}") for number in (0, 1)]]
    )
    assert (one, two) == ("done", "done")
    assert {code for each in attached for code in each} <= {"done", "not_found"}
    assert IPAddress.objects.get().machine_ids == ["node-2"]
    assert (AddressHolder.objects.count(), open_tenures()) == (0, ["node-2"])
    assert [one.sentence for one in doctor.examine()] == []


@pytest.mark.parametrize("attempt", range(3))
def test_shared_address_is_attached_by_all_or_released(attempt: int, nodes: list[Machine], anycast: IPAddress) -> None:
    *attached, released = in_processes(
        [*[partial(clients.hand_over, anycast.pk, [f"node-{number}"]) for number in range(3)],
         partial(clients.release_address, anycast.pk)]
    )  # fmt: skip
    assert released in ("done", "in_use")
    if released == "done":
        assert (attached, AddressHolder.objects.count()) == ([["not_found"]] * 3, 0)
    else:
        assert sorted(IPAddress.objects.get().machine_ids) == ["node-0", "node-1", "node-2"]
    assert [one.sentence for one in doctor.examine()] == []


def test_machines_that_are_made_with_a_shared_address_all_have_it(
    private: Network, internet: Network, project: Project, partition: Partition, anycast: IPAddress
) -> None:
    task = partial(clients.make_machine, private.pk, internet.pk, str(anycast), project.pk, partition.pk)
    assert in_processes([task] * 4) == ["done"] * 4
    assert sorted(IPAddress.objects.get(pk=anycast.pk).machine_ids) == sorted(
        Machine.objects.values_list("pk", flat=True)
    )
    assert [one.sentence for one in doctor.examine()] == []


# --- round ----------------------------------------------------------------------------------------
def test_address_goes_round_among_machines_that_go(nodes: list[Machine], vip: IPAddress) -> None:
    turns: list[str | None] = ["node-0", "node-1", "node-2", None]
    tasks: list[Any] = [partial(clients.hand_over, vip.pk, turns[at:] + turns[:at], times=3) for at in range(4)]
    in_processes([*tasks, *[partial(clients.release_machine, f"node-{number}") for number in (0, 1)]])
    held = IPAddress.objects.get()
    assert held.machine_id in (None, "node-2")
    assert open_tenures() == [held.machine_id or ""]
    assert [one.sentence for one in doctor.examine()] == []
