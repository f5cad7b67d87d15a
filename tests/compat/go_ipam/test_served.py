"""go-ipam's service over its socket, as other people's clients speak to it."""

import json
import random
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from ipam.domain.health import doctor
from ipam.models import Event, IPAddress, Network
from tests.compat.go_ipam.peers import Connect, Go, Grpc, message, served

pytestmark = pytest.mark.django_db(transaction=True)
RECORDED = json.loads((Path(__file__).parent / "calls.json").read_text())
NAMESPACE = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"
# By the place of the call, what is answered here; docs/go-ipam.md says why.
DIFFERENT = {
    50: {"ip": {"ip": "192.168.8.0", "parentPrefix": "192.168.8.0/31"}},
    52: {"ip": {"ip": "192.168.9.1", "parentPrefix": "192.168.9.1/32"}},
    54: {"ip": {"ip": "2001:db8:1::", "parentPrefix": "2001:db8:1::/127"}},
    63: {"prefixes": [{"cidr": "172.16.0.0/16"}, {"cidr": "172.16.0.0/24", "parentCidr": "172.16.0.0/16"}]},
    65: {"version": "v0.1.0", "revision": "twofold"},
}
_CLIENTS, _ROUNDS = 16, 12


@pytest.fixture
def port() -> Iterator[int]:
    with served() as found:
        yield found


@pytest.mark.parametrize("wiring", [Connect, Grpc, Go])
def test_recorded_calls_are_answered_as_go_ipam_did(port: int, wiring: type[Connect | Grpc | Go]) -> None:
    client = wiring(port)
    for place, recorded in enumerate(RECORDED):
        expected = DIFFERENT.get(place, recorded.get("answer", recorded.get("code")))
        found = client.ask(recorded["call"], recorded["request"])
        assert in_order(found) == in_order(expected), (place, recorded["request"], found)
    assert list(doctor.examine()) == []
    assert set(Event.objects.values_list("door", "actor")) == {("go-ipam", "go-ipam")}


def in_order(answer: Any) -> Any:
    """Go's maps have no order; of a dump without versions and the children that were given up."""
    if "prefixes" in answer:
        return sorted(answer["prefixes"], key=lambda one: one["cidr"])
    return sorted(map(_plain, json.loads(answer["dump"]))) if "dump" in answer else answer


def _plain(entry: dict[str, Any]) -> str:
    del entry["Version"]
    if entry["Cidr"].endswith(("/31", "/32", "/127")):
        del entry["IPs"]
    children = entry["AvailableChildPrefixes"]
    entry["AvailableChildPrefixes"] = sorted(child for child, is_free in children.items() if not is_free)
    return json.dumps(entry, sort_keys=True)


def test_grpc_on_http2_has_every_call(port: int) -> None:
    client = Grpc(port)
    assert client.call("Version").revision == "twofold"
    assert client.call("CreateNamespace", namespace=NAMESPACE) == message("CreateNamespaceResponse")
    assert client.call("ListNamespaces").namespace == ["root", NAMESPACE]
    assert client.call("CreatePrefix", cidr="10.0.0.0/16").prefix == message("Prefix", cidr="10.0.0.0/16")
    child = client.call("AcquireChildPrefix", cidr="10.0.0.0/16", length=24).prefix
    assert child == message("Prefix", cidr="10.0.0.0/24", parent_cidr="10.0.0.0/16")
    assert client.call("GetPrefix", cidr="10.0.0.0/24").prefix == child
    taken = client.call("AcquireIP", prefix_cidr="10.0.0.0/24").ip
    assert taken == message("IP", ip="10.0.0.1", parent_prefix="10.0.0.0/24")
    use = client.call("PrefixUsage", cidr="10.0.0.0/24")
    assert (use.available_ips, use.acquired_ips, list(use.available_prefixes)) == (256, 3, ["10.0.0.0/24"])
    dump = client.call("Dump").dump
    assert client.call("ReleaseIP", prefix_cidr="10.0.0.0/24", ip="10.0.0.1").ip.parent_prefix == "10.0.0.0/16"
    assert client.call("ReleaseChildPrefix", cidr="10.0.0.0/24").prefix == child
    assert client.call("DeletePrefix", cidr="10.0.0.0/16").prefix.cidr == "10.0.0.0/16"
    assert list(client.call("ListPrefixes").prefixes) == []
    assert client.call("Load", dump=dump, namespace=NAMESPACE) == message("LoadResponse")
    assert len(client.call("ListPrefixes", namespace=NAMESPACE).prefixes) == 2
    with pytest.raises(grpc.RpcError) as refused:
        client.call("DeleteNamespace", namespace=NAMESPACE)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_refusal_by_grpc_has_a_code_and_a_sentence(port: int) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        Grpc(port).call("GetPrefix", cidr="10.0.0.0/16")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert refused.value.details() == "There is no prefix 10.0.0.0/16 in namespace root. Create it first."


def test_grpc_on_http1_ends_with_trailers(port: int) -> None:
    """As Go's own HTTP client asks over http://: chunks, of which the last has trailers."""
    client = Go(port)
    assert client.send("CreatePrefix", message("CreatePrefixRequest", cidr="10.0.0.0/16"))[1]["grpc-status"] == "0"
    body, trailers = client.send("GetPrefix", message("GetPrefixRequest", cidr="10.0.0.0/16"))
    flag, length = struct.unpack_from(">BI", body)
    found = message("GetPrefixResponse")
    found.ParseFromString(body[5:])
    assert (flag, length, found.prefix.cidr, trailers) == (0, len(body) - 5, "10.0.0.0/16", {"grpc-status": "0"})
    body, trailers = client.send("GetPrefix", message("GetPrefixRequest", cidr="10.1.0.0/16"))
    assert (body, trailers["grpc-status"]) == (b"", "5")


def test_connect_speaks_protobuf_too(port: int) -> None:
    asked = message("CreatePrefixRequest", cidr="10.0.0.0/16").SerializeToString()
    status, body = Connect(port).send("CreatePrefix", asked, Content_Type="application/proto")
    assert (status, body) == (200, message("CreatePrefixResponse", prefix={"cidr": "10.0.0.0/16"}).SerializeToString())


def test_sixteen_clients_on_one_prefix_share_nothing_and_leak_nothing(port: int) -> None:
    Grpc(port).call("CreatePrefix", cidr="10.0.0.0/24")
    with ThreadPoolExecutor(_CLIENTS) as clients:
        kept = list(clients.map(lambda seed: _take_and_give(port, seed), range(_CLIENTS)))
    all_kept = [one for held in kept for one in held]
    assert len(set(all_kept)) == len(all_kept)
    assert {str(address) for address in IPAddress.objects.values_list("address", flat=True)} == set(all_kept)
    assert Network.objects.get().type == "external"
    assert list(doctor.examine()) == []


def _take_and_give(port: int, seed: int) -> list[str]:
    """What one client holds in the end."""
    client, chance, held = Grpc(port), random.Random(seed), []
    for _ in range(_ROUNDS):
        held.append(client.call("AcquireIP", prefix_cidr="10.0.0.0/24").ip.ip)
        if chance.random() < 0.5:
            client.call("ReleaseIP", prefix_cidr="10.0.0.0/24", ip=held.pop(chance.randrange(len(held))))
    return held
