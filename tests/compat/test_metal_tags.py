"""Tags of addresses at metal-api's door: a set of texts, kept whole, each also a label."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metal_python import models

from ipam import tags
from ipam.domain.networks import addresses, allocations, completion
from ipam.domain.undo import undoing
from ipam.labels import label_fault
from ipam.models import Event, IPAddress, Network, Project
from tests.builders import IPV6
from tests.compat.conftest import Metal, refusal

SERVICE = "cluster.metal-stack.io/id/namespace/service"


@pytest.fixture
def held(edit: Metal, internet: Network, project: Project) -> Any:
    """Makes an address with tags."""

    def take(*said: str, **more: Any) -> Any:
        fields = {"networkid": "internet", "projectid": str(project.pk), "type": "ephemeral", "tags": list(said)}
        return edit.ip.allocate_ip(models.V1IPAllocateRequest(**fields | more))

    return take


def found(client: Metal, *said: str) -> int:
    return len(client.ip.find_i_ps(models.V1IPFindRequest(tags=list(said))))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80), max_size=8))
def test_all_come_back_whole_and_labels_are_in_their_bounds(said: list[str]) -> None:
    labels, others = tags.split(said)
    assert tags.joined(labels, others) == sorted(set(said))
    assert not label_fault(labels)


def test_they_are_answered_distinct_and_sorted(held: Any) -> None:
    assert held("b", "a=2", "b", "a=1", "", "c=d=e", "c=").tags == ["", "a=1", "a=2", "b", "c=", "c=d=e"]


def test_each_is_a_label_too_cut_at_its_first_sign(held: Any) -> None:
    held(f"{SERVICE}=one/default/web", f"{SERVICE}=one/default/api", "plain", "x=y=z")
    one = IPAddress.objects.get()
    assert one.labels == {SERVICE: "one/default/api", "plain": "", "x": "y=z"}
    assert one.tags == [f"{SERVICE}=one/default/web"]


def test_one_that_is_too_long_for_a_label_is_kept(edit: Metal, held: Any) -> None:
    long = f"{'k' * 300}={'v' * 3000}"
    assert held(long).tags == [long]
    assert found(edit, long) == 1


@pytest.mark.parametrize(("said", "number"), [
    (["svc=a"], 1), (["svc=b"], 1), (["svc=a", "svc=b"], 1), (["svc=a", "svc=c"], 0), (["svc"], 0), (["plain"], 1),
    (["plain="], 0), (["SVC=a"], 0), (["svc=A"], 0), (["end="], 1), (["end"], 0), ([""], 0),
])  # fmt: skip
def test_find_compares_them_whole_and_all_must_be_there(edit: Metal, held: Any, said: list[str], number: int) -> None:
    held("svc=a", "svc=b", "plain", "end=")
    held("other")
    assert found(edit, *said) == number


def test_label_that_came_by_another_door_is_one(edit: Metal, held: Any) -> None:
    held("svc=a", "svc=b")
    addresses.update(IPAddress.objects.get(), labels={"svc": "c", "new": ""})
    assert edit.ip.list_i_ps()[0].tags == ["new", "svc=b", "svc=c"]
    assert found(edit, "new", "svc=b", "svc=c") == 1


@pytest.mark.parametrize("said", [["a"] * 3 + [f"t{number}" for number in range(100)], ["a" * 256_001], ["a\0"], "a"])
def test_too_many_and_what_is_none_are_400(edit: Metal, held: Any, said: Any) -> None:
    assert refusal(lambda: held(tags=said))[0] == 400


def test_history_tells_them(edit: Metal, held: Any) -> None:
    address = held("svc=a", "svc=b").ipaddress
    edit.ip.update_ip(models.V1IPUpdateRequest(ipaddress=address, type="ephemeral", tags=["svc=b", "svc=c"]))
    changes = Event.objects.filter(verb="update").latest("pk").changes
    assert changes == {"labels": [{"svc": "a"}, {"svc": "b"}], "tags": [["svc=b"], ["svc=c"]]}


def test_release_that_is_undone_brings_them_back(edit: Metal, held: Any) -> None:
    edit.ip.free_ip(held("svc=a", "svc=b").ipaddress)
    undoing.undo(Event.objects.get(verb="release").pk)
    assert edit.ip.list_i_ps()[0].tags == ["svc=a", "svc=b"]


def test_other_half_that_a_completion_takes_has_them_too(edit: Metal, held: Any, internet: Network) -> None:
    held("svc=a", "svc=b")
    completion.complete(internet, IPV6)
    assert [one.tags for one in edit.ip.list_i_ps()] == [["svc=a", "svc=b"]] * 2


# --- machines -------------------------------------------------------------------------------------
def test_machine_is_a_tag_and_need_not_exist_here(edit: Metal, held: Any) -> None:
    assert held("a", machineid="m-1").tags == ["a", "machine.metal-stack.io/id=m-1"]
    assert len(edit.ip.find_i_ps(models.V1IPFindRequest(machineid="m-1"))) == 1
    assert found(edit, "machine.metal-stack.io/id=m-1") == 1
    assert edit.ip.find_i_ps(models.V1IPFindRequest(machineid="m")) == []


@pytest.mark.parametrize("said", [[], ["a"]])
def test_address_of_a_machine_is_freed_once_the_tag_is_gone(edit: Metal, held: Any, said: list[str]) -> None:
    address = held("a", machineid="m-1").ipaddress
    assert refusal(lambda: edit.ip.free_ip(address))[0] == 400
    edit.ip.update_ip(models.V1IPUpdateRequest(ipaddress=address, type="ephemeral", tags=said))
    assert edit.ip.free_ip(address).ipaddress == address
    assert refusal(lambda: edit.ip.find_ip(address))[0] == 404


# --- joined ---------------------------------------------------------------------------------------
def join(uuid: str) -> str:
    return f"twofold/join={uuid}"


def test_join_puts_the_second_half_into_the_allocation_of_the_first(edit: Metal, held: Any) -> None:
    first = held(name="web")
    second = held(join(first.allocationuuid), addressfamily="IPv6")
    [pair] = allocations.pair_up(list(IPAddress.objects.filter(family=4)))
    assert pair.texts == [first.ipaddress, second.ipaddress] == ["203.0.113.129", "2001:db8:0:113::1"]
    for half in (first, second):
        assert edit.ip.find_ip(half.ipaddress).allocationuuid == half.allocationuuid
        [same] = edit.ip.find_i_ps(models.V1IPFindRequest(allocationuuid=half.allocationuuid))
        assert same.ipaddress == half.ipaddress
    assert first.allocationuuid != second.allocationuuid


@pytest.mark.parametrize(("more", "status"), [
    ({"addressfamily": "IPv4"}, 422),
    ({"addressfamily": "IPv6", "type": "static"}, 422),
    ({"addressfamily": "IPv6", "name": "another"}, 422),
])  # fmt: skip
def test_what_is_no_pair_is_refused_and_nothing_is_taken(
    edit: Metal, held: Any, more: dict[str, Any], status: int
) -> None:
    first = held(name="web")
    assert refusal(lambda: held(join(first.allocationuuid), **more))[0] == status
    assert IPAddress.objects.count() == 1


@pytest.mark.parametrize(("said", "status"), [
    ([join("4b9b17c4-2d7c-4190-ae95-dda44e430fa6")], 404),
    ([join("nonsense")], 404),
    ([join("one"), join("two")], 400),
])  # fmt: skip
def test_half_that_is_not_there_is_refused_and_nothing_is_taken(held: Any, said: list[str], status: int) -> None:
    assert refusal(lambda: held(*said))[0] == status
    assert not IPAddress.objects.exists()
