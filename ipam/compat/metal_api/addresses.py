"""`ip/…`: addresses as metal-api has them, one by one; two of them are joined to a pair by a tag."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q
from netaddr import IPAddress as Address
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, tags
from ipam.addressing import Family, is_canonical
from ipam.compat.metal_api import reading
from ipam.compat.metal_api.requests import EDIT, Body, MetalView, NotJoined, Refused
from ipam.compat.transactions import in_one_transaction
from ipam.domain.core import access, lookups
from ipam.domain.moving.metal_stack.entries import MACHINE_TAG
from ipam.domain.networks import address_rules, addresses, allocations, sharing
from ipam.models import AddressHolder, IPAddress, Network, Prefix
from ipam.models.addresses import has_tag
from ipam.values import parse_choice, parse_cidr

JOIN = "twofold/join"  # a tag: the other half of a pair, by its allocation id
# What a find asks for as a text, and as a UUID.
_COLUMNS = {"networkid": "network", "name": "name", "description": "description", "type": "type"}
_KEYS = {"projectid": "project", "allocationuuid": "pk"}


class AddressesView(MetalView):
    """`GET` all, `POST` changes."""

    needs = EDIT

    def get(self, request: Request) -> Response:
        return Response([_shown(row) for row in access.visible(IPAddress.objects.order_by("address"))])

    def post(self, request: Request) -> Response:
        body = self.body()
        return Response(_shown(in_one_transaction(lambda: _update(body))))


class AddressView(MetalView):
    def get(self, request: Request, ip: str) -> Response:
        return Response(_shown(_held(reading.address(ip))))


class FindAddressesView(MetalView):
    def post(self, request: Request) -> Response:
        return Response(_find(self.body()))


class AllocateAddressView(MetalView):
    """One address: the lowest of a family, or the one that the path names."""

    needs = EDIT

    def post(self, request: Request, ip: str = "") -> Response:
        body = self.body()
        return Response(_shown(in_one_transaction(lambda: _allocate(body, ip))), status=201)


class FreeAddressView(MetalView):
    needs = EDIT

    def delete(self, request: Request, ip: str) -> Response:
        return Response(in_one_transaction(lambda: _free(reading.address(ip))))

    post = delete


def _shown(one: IPAddress) -> Body:
    return {
        "ipaddress": str(one.address),
        "allocationuuid": str(one.pk),  # of this address alone, whether or not it is half of a pair
        "networkid": one.network_id,
        "projectid": str(one.project_id),
        "type": one.type,
        "name": one.name,
        "description": one.description,
        "tags": _tags_of(one),
        "created": one.created_at,
        "changed": one.updated_at,
    }


def _tags_of(one: IPAddress) -> list[str]:
    machines = [f"{MACHINE_TAG}={key}" for key in one.machine_ids]
    return tags.joined(one.labels, [*one.tags, *machines])


def _held(address: Address, *, lock: bool = False) -> IPAddress:
    """The address, of whatever network; of namespaced twins the one that is in no namespace, or came first."""
    found = access.visible(IPAddress.objects.filter(address=address))
    first = found.order_by(F("network__namespace").asc(nulls_first=True), "created_at").first()
    if first is None:
        raise errors.NotFound(f"There is no address {address}. It may have been freed already.", field="ipaddress")
    return lookups.get(IPAddress, first.pk, lock=True) if lock else first


def _allocate(body: Body, ip: str) -> IPAddress:
    network = lookups.get(Network, reading.needed(body, "networkid"), field="networkid")
    named = reading.address(ip) if ip else None
    same = IPAddress.objects.filter(address=named, namespace=network.namespace_id)
    if named and (holder := same.first()):
        raise address_rules.taken(named, holder)  # before all else, for `metalctl apply` rests on it
    family = reading.family(body)
    if named and family:
        raise errors.IpAndAddressFamily("A named address has its family in itself. Leave one of them out.")
    said = reading.tags(body)
    if machine := reading.text(body, "machineid"):
        said.append(f"{MACHINE_TAG}={machine}")
    other = _other_half(said)
    labels, others = tags.split(said)
    [made] = addresses.allocate(
        network,
        project=reading.project(body),
        addresses=[named] if named else [],
        families=[] if named else [family or _first_family(network)],
        type=_type(body) or IPAddress.Type.EPHEMERAL,
        name=reading.text(body, "name") or (other.name if other else ""),
        description=reading.text(body, "description"),
        labels=labels,
        tags=others,
    )
    if other is not None:
        _join(other, made)
    return made


def _other_half(said: Iterable[str]) -> IPAddress | None:
    """The address that a tag of these joins the new one to; NotFound for one that is not there."""
    keys = [value for key, value in map(tags.cut, said) if key == JOIN]
    if len(keys) > 1:
        raise Refused(f"An address is joined to one other; “{JOIN}” names {len(keys)}.")
    return lookups.get(IPAddress, keys[0], field=JOIN) if keys else None


def _join(other: IPAddress, made: IPAddress) -> None:
    try:
        allocations.join([other.pk, made.pk])
    except (errors.Invalid, errors.Several) as error:
        raise NotJoined(error.detail, field=JOIN) from error
    made.refresh_from_db()


def _first_family(network: Network) -> Family:
    """IPv4, or IPv6 where the network has only that."""
    held = network.prefixes.order_by("family").values_list("family", flat=True).first()
    return Family(held) if held else Family.IPV4


def _update(body: Body) -> IPAddress:
    """Change what is named; tags are replaced as a whole, and a type that is left out stays."""
    one = _held(reading.address(reading.needed(body, "ipaddress")), lock=True)
    access.require_change(one)
    changes: dict[str, Any] = reading.texts(body, "name", "description")
    if type_ := _type(body):
        changes["type"] = type_
    if "tags" in body:
        changes["labels"], changes["tags"] = tags.split(_without_own_machine(one, reading.tags(body)))
    differing = {name: value for name, value in changes.items() if getattr(one, name) != value}
    return addresses.update(one, **differing) if differing else one


def _without_own_machine(one: IPAddress, said: Iterable[str]) -> list[str]:
    """Tags but for those that machines of ours give by themselves."""
    own = {f"{MACHINE_TAG}={key}" for key in one.machine_ids}
    return [tag for tag in said if tag not in own]


def _free(address: Address) -> Body:
    one = _held(address, lock=True)
    access.require_change(one)
    if used := [tag for tag in _tags_of(one) if tag.partition("=")[0] == MACHINE_TAG]:
        raise Refused(f"{address} is of a machine: {used[0]}. Take the tag away, or free the machine, first.")
    last = _shown(one)
    addresses.release(one)
    return last


def _find(body: Body) -> list[Body]:
    """Addresses that match all that is said, exactly; what is left out says nothing."""
    found = access.visible(IPAddress.objects.order_by("address"))
    for name, said in reading.asked(body, *_COLUMNS):
        found = found.filter(**{_COLUMNS[name]: said})
    for name, said in reading.asked(body, *_KEYS):
        key = reading.uuid(said)
        found = found.filter(**{_KEYS[name]: key}) if key else found.none()
    for _, said in reading.asked(body, "ipaddress"):
        found = found.filter(address=reading.address(said)) if said else found.none()
    if family := reading.family(body):
        found = found.filter(family=family)
    if cidr := reading.take(body, "networkprefix", lambda text: text and parse_cidr(text), None):
        of_it = Prefix.objects.equal_to(cidr) if is_canonical(cidr) else Prefix.objects.none()
        found = found.filter(prefix__in=of_it.values("pk"))
    wanted = reading.few("tags", reading.tags(body))
    for _, machine in reading.asked(body, "machineid"):
        wanted.append(f"{MACHINE_TAG}={machine}")
    for tag in wanted:
        found = found.filter(has_tag(tag) | _is_of_machine(tag))
    return [_shown(row) for row in sharing.know_holders(found)]


def _is_of_machine(tag: str) -> Q:
    """Whether an address is of the machine that this tag names."""
    key = tag.removeprefix(f"{MACHINE_TAG}=")
    return (
        Q() if key == tag else Q(machine=key) | Q(pk__among=AddressHolder.objects.filter(machine=key).values("address"))
    )


def _type(body: Body) -> str:
    return reading.take(body, "type", lambda found: found and parse_choice(found, IPAddress.Type.values), "")
