"""What each call of go-ipam's service does to networks, without a socket."""

import io
import json
from typing import Any

import pytest

from ipam.compat.go_ipam import service
from ipam.compat.go_ipam.wire import TRAILERS, Refused, application
from ipam.domain.health import doctor
from ipam.domain.networks import networks, projects, quota_limits
from ipam.models import VRF, Event, IPAddress, Network, Project, Quota
from tests.builders import IPV4, cidrs, external, namespaced, prefixes_of, super_network

pytestmark = pytest.mark.django_db
A, B = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6", "0f0c9a54-6a2b-4a7e-8d8a-0e9d54d8f3a1"


def call(name: str, **given: Any) -> Any:
    return service.answer(name, given)


def refused(name: str, **given: Any) -> str:
    with pytest.raises(Refused) as refusal:
        call(name, **given)
    return refusal.value.code


@pytest.fixture(autouse=True)
def _adds_up(db: None) -> Any:
    """Whatever was called, everything adds up."""
    yield
    assert list(doctor.examine()) == []


# --- roots ----------------------------------------------------------------------------------------
def test_root_is_a_namespaced_super_until_its_first_address_makes_it_external() -> None:
    call("CreatePrefix", cidr="10.0.0.0/24")
    assert Network.objects.get().type == "super-namespaced"
    call("AcquireIP", prefix_cidr="10.0.0.0/24")
    made = Network.objects.get()
    assert (made.type, made.vrf_id, made.project, made.default_child_prefix_length) == ("external", 1, None, {})
    assert [(one.verb, one.kind) for one in Event.objects.order_by("pk")][-2:] == [
        ("update", "network"),
        ("allocate", "address"),
    ]


def test_refused_first_address_leaves_the_root_as_it_was() -> None:
    call("CreatePrefix", cidr="10.0.0.0/24")
    assert refused("AcquireIP", prefix_cidr="10.0.0.0/24", ip="10.0.0.255") == "already_exists"
    assert Network.objects.get().type == "super-namespaced"
    assert not VRF.objects.exists()


def test_root_with_children_gives_no_addresses() -> None:
    call("CreatePrefix", cidr="10.0.0.0/24")
    call("AcquireChildPrefix", cidr="10.0.0.0/24", length=26)
    assert refused("AcquireIP", prefix_cidr="10.0.0.0/24") == "invalid_argument"
    assert refused("DeletePrefix", cidr="10.0.0.0/24") == "invalid_argument"


@pytest.mark.parametrize("cidr", ["10.0.0.0/31", "10.0.0.0/32", "2001:db8::/127", "2001:db8::/128"])
def test_root_too_small_for_children_is_external_at_once(cidr: str) -> None:
    call("CreatePrefix", cidr=cidr)
    assert Network.objects.get().type == "external"
    assert call("AcquireIP", prefix_cidr=cidr)["ip"]["ip"] == cidr.partition("/")[0]
    assert call("PrefixUsage", cidr=cidr)["available_prefixes"] == []


def test_deleted_root_leaves_nothing_behind() -> None:
    call("CreatePrefix", cidr="10.0.0.0/24")
    call("AcquireIP", prefix_cidr="10.0.0.0/24")
    call("ReleaseIP", prefix_cidr="10.0.0.0/24", ip="10.0.0.1")
    call("DeletePrefix", cidr="10.0.0.0/24")
    assert not Network.objects.exists()
    assert not VRF.objects.exists()


# --- what Twofold has already ---------------------------------------------------------------------
def test_network_that_is_there_is_used_as_it_is(internet: Network, project: Project) -> None:
    cidr = prefixes_of(internet)[0]
    for _ in range(2):
        assert call("CreatePrefix", cidr=cidr) == {"prefix": {"cidr": cidr}}
    taken = call("AcquireIP", prefix_cidr=cidr)["ip"]["ip"]
    assert IPAddress.objects.get().network == internet
    assert call("ReleaseIP", prefix_cidr=cidr, ip=taken)["ip"] == {"ip": taken, "parent_prefix": ""}
    assert Network.objects.get(pk=internet.pk).name == internet.name


def test_address_comes_from_the_very_prefix_that_is_named() -> None:
    networks.create(external(prefixes=cidrs("10.1.0.0/24", "10.2.0.0/24"), destination_prefixes=()))
    assert call("AcquireIP", prefix_cidr="10.2.0.0/24")["ip"]["ip"] == "10.2.0.1"
    assert refused("AcquireIP", prefix_cidr="10.2.0.0/24", ip="10.1.0.1") == "invalid_argument"


def test_full_prefix_gives_nothing_though_another_of_the_network_would() -> None:
    networks.create(external(prefixes=cidrs("10.1.0.0/24", "10.2.0.0/31"), destination_prefixes=()))
    for _ in range(2):
        call("AcquireIP", prefix_cidr="10.2.0.0/31")
    assert refused("AcquireIP", prefix_cidr="10.2.0.0/31") == "not_found"


def test_child_comes_from_the_very_prefix_that_is_named() -> None:
    made = super_network(prefixes=cidrs("10.1.0.0/16", "10.2.0.0/16"), default_child_prefix_length={IPV4: 24})
    networks.create(made)
    found = call("AcquireChildPrefix", cidr="10.2.0.0/16", length=24)["prefix"]
    assert found == {"cidr": "10.2.0.0/24", "parent_cidr": "10.2.0.0/16"}


def test_address_in_a_child_is_of_the_child_s_project(private: Network, project: Project) -> None:
    call("AcquireIP", prefix_cidr=prefixes_of(private)[0])
    assert IPAddress.objects.get().project == project


def test_prefixes_of_a_dual_stack_child_are_released_one_by_one(
    private: Network, tenants: Network, project: Project
) -> None:
    four, six = prefixes_of(private)
    quota = quota_limits.create(project=project, address_family=IPV4, resource="networks", limit=9)
    free = call("PrefixUsage", cidr=prefixes_of(tenants)[0])["acquired_prefixes"]
    call("ReleaseChildPrefix", cidr=four)
    assert prefixes_of(private) == [six]
    assert Quota.objects.get(pk=quota.pk).used == 0
    assert call("PrefixUsage", cidr=prefixes_of(tenants)[0])["acquired_prefixes"] == free - 1
    call("ReleaseChildPrefix", cidr=six)
    assert not Network.objects.filter(pk=private.pk).exists()


def test_super_of_twofold_never_becomes_external(tenants: Network) -> None:
    assert refused("AcquireIP", prefix_cidr=prefixes_of(tenants)[0]) == "invalid_argument"
    assert Network.objects.get(pk=tenants.pk).type == "super"


# --- namespaces -----------------------------------------------------------------------------------
def test_namespace_has_a_prefix_after_it_was_created_there() -> None:
    networks.create(namespaced(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 24}))
    for name in (A, B):
        call("CreateNamespace", namespace=name)
    assert refused("GetPrefix", cidr="10.0.0.0/16", namespace=A) == "not_found"
    call("CreatePrefix", cidr="10.0.0.0/16", namespace=A)
    assert refused("GetPrefix", cidr="10.0.0.0/16", namespace=B) == "not_found"
    call("CreatePrefix", cidr="10.0.0.0/16", namespace=B)
    for name in (A, B):
        call("AcquireChildPrefix", cidr="10.0.0.0/16", length=24, namespace=name)
        call("AcquireIP", prefix_cidr="10.0.0.0/24", namespace=name)
    assert {str(one.project_id) for one in IPAddress.objects.all()} == {A, B}
    assert call("ListPrefixes") == {"prefixes": []}


def test_copy_of_a_namespace_is_deleted_by_itself() -> None:
    call("CreateNamespace", namespace=A)
    for name in ("root", A):
        call("CreatePrefix", cidr="10.0.0.0/16", namespace=name)
    call("DeletePrefix", cidr="10.0.0.0/16", namespace=A)
    assert call("ListPrefixes", namespace=A) == {"prefixes": []}
    assert call("GetPrefix", cidr="10.0.0.0/16")["prefix"]["cidr"] == "10.0.0.0/16"


def test_root_that_another_namespace_has_too_gives_no_addresses() -> None:
    call("CreateNamespace", namespace=A)
    for name in ("root", A):
        call("CreatePrefix", cidr="10.0.0.0/16", namespace=name)
    assert refused("AcquireIP", prefix_cidr="10.0.0.0/16", namespace=A) == "invalid_argument"


def test_external_of_a_namespace_is_its_own() -> None:
    call("CreateNamespace", namespace=A)
    call("CreatePrefix", cidr="10.0.0.0/16", namespace=A)
    call("AcquireIP", prefix_cidr="10.0.0.0/16", namespace=A)
    assert str(Network.objects.get().project_id) == A
    assert call("GetPrefix", cidr="10.0.0.0/16", namespace=A)["prefix"]["cidr"] == "10.0.0.0/16"
    assert refused("GetPrefix", cidr="10.0.0.0/16") == "not_found"
    assert refused("CreatePrefix", cidr="10.0.0.0/16") == "invalid_argument"


def test_namespace_of_a_project_that_is_there_is_that_project(project: Project) -> None:
    call("CreateNamespace", namespace=str(project.pk).upper())
    assert Project.objects.get().name == project.name
    assert call("ListNamespaces") == {"namespace": ["root", str(project.pk)]}


def test_namespace_is_deleted_when_it_is_empty() -> None:
    call("CreateNamespace", namespace=A)
    call("CreatePrefix", cidr="10.0.0.0/16", namespace=A)
    assert refused("DeleteNamespace", namespace=A) == "invalid_argument"
    call("DeletePrefix", cidr="10.0.0.0/16", namespace=A)
    call("DeleteNamespace", namespace=A)
    assert refused("DeleteNamespace", namespace=A) == "not_found"
    assert refused("DeleteNamespace", namespace="root") == "invalid_argument"


def test_unknown_namespace_is_not_found_and_nonsense_is_refused() -> None:
    assert refused("ListPrefixes", namespace=B) == "not_found"
    assert refused("CreateNamespace", namespace="tenant") == "invalid_argument"


# --- dumps ----------------------------------------------------------------------------------------
def test_dump_is_loaded_as_it_was() -> None:
    call("CreatePrefix", cidr="10.0.0.0/16")
    call("AcquireChildPrefix", cidr="10.0.0.0/16", length=24)
    call("AcquireIP", prefix_cidr="10.0.0.0/24", ip="10.0.0.9")
    call("CreatePrefix", cidr="192.0.2.0/31")
    call("AcquireIP", prefix_cidr="192.0.2.0/31")
    before = call("Dump")["dump"]
    for name, given in (("ReleaseIP", {"prefix_cidr": "10.0.0.0/24", "ip": "10.0.0.9"}),
                        ("ReleaseIP", {"prefix_cidr": "192.0.2.0/31", "ip": "192.0.2.0"}),
                        ("ReleaseChildPrefix", {"cidr": "10.0.0.0/24"}), ("DeletePrefix", {"cidr": "10.0.0.0/16"}),
                        ("DeletePrefix", {"cidr": "192.0.2.0/31"})):  # fmt: skip
        call(name, **given)
    call("Load", dump=before)
    assert call("Dump")["dump"] == before
    assert refused("Load", dump=before) == "invalid_argument"


@pytest.mark.parametrize("dump", ["", "{", "[1]", '[{"Cidr": 7}]', '[{"Cidr": "10.0.0.0/8", "IPs": 7}]'])
def test_what_is_no_dump_is_refused(dump: str) -> None:
    assert refused("Load", dump=dump) == "invalid_argument"


def test_dump_that_contradicts_itself_changes_nothing() -> None:
    entries = [{"Cidr": "10.0.0.0/16"}, {"Cidr": "10.1.0.0/24", "ParentCidr": "10.2.0.0/16"}]
    assert refused("Load", dump=json.dumps(entries)) == "not_found"
    assert not Network.objects.exists()


# --- who asks, and how ----------------------------------------------------------------------------
def test_account_that_is_switched_off_does_nothing(django_user_model: Any) -> None:
    django_user_model.objects.create_user("go-ipam", is_active=False)
    assert refused("CreatePrefix", cidr="10.0.0.0/16") == "permission_denied"
    assert not Network.objects.exists()


def test_named_project_owns_what_the_root_takes(settings: Any) -> None:
    owner = projects.create(name="metal")
    settings.GO_IPAM_PROJECT = str(owner.pk)
    call("CreatePrefix", cidr="10.0.0.0/24")
    call("AcquireIP", prefix_cidr="10.0.0.0/24")
    assert IPAddress.objects.get().project == owner


def send(body: bytes, kind: str, name: str = "CreatePrefix", method: str = "POST", **more: str) -> tuple[str, bytes]:
    """Status and body of a request of HTTP."""
    said: list[str] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": f"/api.v1.IpamService/{name}", "CONTENT_TYPE": kind,
               "wsgi.input": io.BytesIO(body), TRAILERS: lambda sent: said.extend(map(str, sent)), **more}  # fmt: skip
    answer = application(service.answer)(environ, lambda status, headers: said.append(status[:3]))
    return " ".join(said), b"".join(answer)


@pytest.mark.parametrize(("body", "kind", "more", "status"), [
    (b"{", "application/json", {}, "400"),
    (b"[]", "application/json", {}, "400"),
    (b'{"cidr": 7}', "application/json", {}, "400"),
    (b"\xff", "application/proto", {}, "400"),
    (b"\x0a\x7f10.0.0.0/8", "application/proto", {}, "400"),
    (b"\x0a\x01\xff", "application/proto", {}, "400"),
    (b"\x08\x01", "application/proto", {}, "400"),
    (b"{}", "text/plain", {}, "415"),
    (b"{}", "application/json", {"method": "GET"}, "405"),
    (b"{}", "application/json", {"name": "Nonsense"}, "501"),
    (b"{}", "application/json", {"HTTP_CONTENT_ENCODING": "gzip"}, "501"),
    (b"\x01\x00\x00\x00\x00", "application/grpc", {}, "('grpc-status', '12')"),
    (b"\x00\x00\x00\x00\x09", "application/grpc", {}, "('grpc-status', '3')"),
    (b"\x00", "application/grpc", {}, "('grpc-status', '3')"),
])  # fmt: skip
def test_malformed_request_is_refused_and_changes_nothing(
    body: bytes, kind: str, more: dict[str, str], status: str
) -> None:
    assert send(body, kind, **more)[0].startswith(status)
    assert not Network.objects.exists()


def test_unknown_fields_are_passed_over() -> None:
    assert send(b'{"cidr": "10.0.0.0/8", "more": 1, "namespace": null}', "application/json")[0] == "200"
    assert send(b"\x10\x01\x1a\x01a\x0a\x0a11.0.0.0/8", "application/proto")[0].startswith("400")  # 2 is a text
    assert send(b"\x50\x01\x5a\x01a\x65abcd\x0a\x0a11.0.0.0/8", "application/proto")[0] == "200"


def test_length_that_is_no_length_is_refused() -> None:
    call("CreatePrefix", cidr="10.0.0.0/16")
    for length in (0, 16, 33, 2**32 - 1):
        assert refused("AcquireChildPrefix", cidr="10.0.0.0/16", length=length) == "invalid_argument"


def test_mistake_of_ours_is_internal_and_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(given: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setitem(service._CALLS, "Version", fail)  # type: ignore[index]
    with pytest.raises(Refused, match="log") as refusal:
        call("Version")
    assert (refusal.value.code, "secret" in refusal.value.detail) == ("internal", False)
