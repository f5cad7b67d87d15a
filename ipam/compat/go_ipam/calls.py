"""The calls of go-ipam's service: each reads its request, calls the domain and answers as go-ipam does."""

import uuid
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.compat.go_ipam import spaces, usage
from ipam.compat.go_ipam.messages import Value
from ipam.compat.go_ipam.spaces import Space
from ipam.compat.transactions import in_one_transaction
from ipam.domain.networks import addresses, children, networks, plain_roots
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.networks.plain_roots import MADE_IN
from ipam.models import IPAddress, Network, Prefix
from ipam.models.networks import NetworkType
from ipam.values import parse_address, parse_cidr


# --- prefixes -------------------------------------------------------------------------------------
def create_prefix(given: Value) -> Value:
    """Make a root prefix."""
    space, cidr = _space(given), _cidr(given, "cidr")
    in_one_transaction(lambda: create_root(space, cidr))
    return {"prefix": {"cidr": str(cidr)}}


def create_root(space: Space, cidr: IPNetwork) -> None:
    """What Twofold has under this CIDR is used as it is; what was made here is not made twice."""
    known = Prefix.objects.roots().equal_to(cidr).select_related("network").first()
    if known is None:
        plain_roots.create(cidr, project=space.owner(), namespace=space.name)
        return
    is_there = space.prefixes().filter(pk=known.pk).exists()
    if is_there and MADE_IN in known.network.labels:
        raise errors.AlreadyExists(f"There is already a prefix {cidr} in namespace {space.name}.")
    if not is_there and not known.network.is_namespaced:
        raise errors.Overlap(f"{cidr} is of network {known.network}, which gives all namespaces the same space.")
    if not is_there:
        plain_roots.open_namespace(known.network, space.owner())


def delete_prefix(given: Value) -> Value:
    """Remove a root prefix that nothing is in."""
    space, cidr = _space(given), _cidr(given, "cidr")
    return _shown(in_one_transaction(lambda: _delete(space, cidr)))


def _delete(space: Space, cidr: IPNetwork) -> Prefix:
    found: Prefix = space.find(cidr)
    if found.network.is_namespaced:
        plain_roots.close_namespace(found.network, space.owner())
    else:
        _remove(found)
    return found


def _remove(found: Prefix) -> None:
    """Remove a prefix, and with its last one its network."""
    if found.network.prefixes.count() == 1:
        networks.delete(found.network)
    elif found.parent is not None:
        plain_roots.release_prefix(found)
    else:
        networks.remove_prefix(found.network, found.cidr)


def get_prefix(given: Value) -> Value:
    """A prefix with its parent."""
    return _shown(_space(given).find(_cidr(given, "cidr")))


def list_prefixes(given: Value) -> Value:
    """All prefixes of a namespace, in order."""
    return {"prefixes": [_fields(one) for one in _space(given).prefixes().order_by("first", "length")]}


def prefix_usage(given: Value) -> Value:
    """How full a prefix is."""
    space = _space(given)
    return usage.of(space, space.find(_cidr(given, "cidr")))


def acquire_child_prefix(given: Value) -> Value:
    """Take a child out of a prefix: of a length, or this one."""
    space, cidr = _space(given), _cidr(given, "cidr")
    wanted = _cidr(given, "child_cidr") if given.get("child_cidr") else None
    source = space.find(cidr)
    made = in_one_transaction(lambda: carve(space, source, wanted, given.get("length", 0)))
    return {"prefix": {"cidr": str(made), "parent_cidr": str(source)}}


def carve(space: Space, source: Prefix, wanted: IPNetwork | None, length: int = 0) -> IPNetwork:
    """Take a child out of one prefix: just this block of it, or one of this length."""
    parent = source.network
    new = NewNetwork(type=NetworkType.CHILD, project=parent.project or space.owner(), parent=parent)
    if wanted is None:
        made = children.carve_within(replace(new, length={source.address_family: length}), source)
        return made.known_prefixes[0].cidr
    if wanted not in source.cidr:
        raise errors.NotInPrefix(f"{wanted} is no part of {source}.")
    children.import_child(replace(new, id=str(uuid.uuid4()), prefixes=[wanted]))
    return wanted


def release_child_prefix(given: Value) -> Value:
    """Give a child prefix back that no address is in."""
    space, cidr = _space(given), _cidr(given, "cidr")
    return _shown(in_one_transaction(lambda: _release_child(space.find(cidr))))


def _release_child(found: Prefix) -> Prefix:
    if found.parent is None:
        raise errors.Invalid(f"{found} is no child prefix. Delete it by DeletePrefix.")
    _remove(found)
    return found


# --- addresses ------------------------------------------------------------------------------------
def acquire_ip(given: Value) -> Value:
    """Take an address of a prefix: this one, or the lowest that is free."""
    space, cidr = _space(given), _cidr(given, "prefix_cidr")
    wanted = _ip(given["ip"]) if given.get("ip") else None
    found = space.find(cidr)
    taken = (
        in_one_transaction(lambda: take(space, found, wanted)) if found.network.is_super else take(space, found, wanted)
    )
    return {"ip": {"ip": str(taken), "parent_prefix": str(found)}}


def take(space: Space, found: Any, wanted: Address | None) -> Address:
    """Take this address of a prefix, or its lowest free one; the first that is taken of a root makes it external."""
    if wanted is not None and wanted not in found.cidr:
        raise errors.NotInPrefix(f"{wanted} does not lie in {found}.", field="ip")
    network = giving(space, found)
    owner = network.project or space.owner()
    if wanted is None and found.has_siblings:
        return plain_roots.acquire(found, project=owner).address
    families, named = ((), [wanted]) if wanted else ([found.address_family], ())
    static = IPAddress.Type.STATIC
    (taken,) = addresses.allocate(network, project=owner, families=families, addresses=named, type=static)
    return taken.address


def giving(space: Space, found: Prefix) -> Network:
    """The network of a prefix that gives addresses; a root that gives its first becomes external."""
    if found.network.is_super:
        return plain_roots.make_external(found.network, space.owner(), namespace=space.name)
    return found.network


def release_ip(given: Value) -> Value:
    """Give an address back."""
    space, address, cidr = _space(given), _ip(given.get("ip", "")), _cidr(given, "prefix_cidr")
    found = space.find(cidr)
    held = IPAddress.objects.filter(prefix=found, address=address).first()
    if held is None:
        raise errors.NotFound(f"{address} is not taken in {found}. It may have been released already.")
    addresses.release(held)
    parent = str(found.parent) if found.parent else ""
    return {"ip": {"ip": given["ip"], "parent_prefix": parent}}  # go-ipam: the parent of the prefix, not the prefix


# --- the rest -------------------------------------------------------------------------------------
def create_namespace(given: Value) -> Value:
    """Make a namespace, if there is none."""
    spaces.create(given.get("namespace", ""))
    return {}


def list_namespaces(given: Value) -> Value:
    """All namespaces."""
    return {"namespace": spaces.names()}


def delete_namespace(given: Value) -> Value:
    """Remove a namespace that nothing is in."""
    spaces.delete(given.get("namespace", ""))
    return {}


def show_version(given: Value) -> Value:
    """What is served here."""
    return {"version": f"v{version('twofold')}", "revision": "twofold"}


def _space(given: Value) -> Space:
    return spaces.space(given.get("namespace", ""))


def _cidr(given: Value, name: str) -> IPNetwork:
    """A prefix without its host bits, which go-ipam leaves aside."""
    try:
        return parse_cidr(given.get(name, "")).cidr
    except ValueError as error:
        raise errors.InvalidCidr(str(error), field=name) from None


def _ip(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        raise errors.Invalid(str(error), field="ip") from None


def _fields(prefix: Prefix) -> Value:
    return {"cidr": str(prefix), "parent_cidr": str(prefix.parent) if prefix.parent else ""}


def _shown(prefix: Prefix) -> Value:
    return {"prefix": _fields(prefix)}
