"""`network/…`: networks as metal-api has them."""

import uuid
from typing import Any, TypeVar

from django.db.models import Model, Q
from netaddr import IPNetwork
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors
from ipam.addressing import Family, is_canonical
from ipam.compat.metal_api import reading
from ipam.compat.metal_api.network_shapes import one, shown
from ipam.compat.metal_api.requests import ADMIN, EDIT, Body, MetalView, NeverChanges
from ipam.compat.transactions import in_one_transaction
from ipam.domain.core import access, lookups
from ipam.domain.moving.metal_stack.entries import NAT_TYPES, type_by_flags
from ipam.domain.networks import children, ids, networks
from ipam.domain.networks.children import Exits
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import Network, Partition, Prefix, Project
from ipam.models.networks import CHILD_TYPES, SUPER_TYPES, NatType, NetworkType
from ipam.values import parse_choice, parse_flag

M = TypeVar("M", bound=Model)
_COLUMNS = {  # what a find asks for as a text
    **{"id": "pk", "name": "name", "partitionid": "partition", "projectid": "project"},
    "parentnetworkid": "parent",
}
_TYPES = {  # which types a flag fits
    "privatesuper": SUPER_TYPES,
    "underlay": (NetworkType.UNDERLAY,),
    "shared": (NetworkType.CHILD_SHARED, NetworkType.EXTERNAL),
}


class NetworksView(MetalView):
    """`GET` all, `PUT` a new one, `POST` changes."""

    needs = ADMIN

    def get(self, request: Request) -> Response:
        return Response(shown(access.visible(Network.objects.all())))

    def put(self, request: Request) -> Response:
        body = self.body()
        made = in_one_transaction(lambda: _create(body))
        return Response(one(made), status=201)

    def post(self, request: Request) -> Response:
        body = self.body()
        force = reading.take(request.query_params, "force", parse_flag, False)  # metal_python writes True
        return Response(one(in_one_transaction(lambda: _update(body, force=force))))


class NetworkView(MetalView):
    needs = ADMIN

    def get(self, request: Request, pk: str) -> Response:
        return Response(one(lookups.get(Network, pk)))

    def delete(self, request: Request, pk: str) -> Response:
        return Response(in_one_transaction(lambda: _delete(pk)))


class FindNetworksView(MetalView):
    def post(self, request: Request) -> Response:
        return Response(_find(self.body()))


class AllocateNetworkView(MetalView):
    needs = EDIT

    def post(self, request: Request) -> Response:
        body = self.body()
        made = in_one_transaction(lambda: _carve(body))
        return Response(one(made), status=201)


class FreeNetworkView(MetalView):
    """Child networks only; by `POST` as older clients do."""

    needs = EDIT

    def delete(self, request: Request, pk: str) -> Response:
        return Response(in_one_transaction(lambda: _delete(pk, child_only=True)))

    post = delete


def _create(body: Body) -> Network:
    """A network of any type; a taken id is told before anything else, for `metalctl apply` rests on that."""
    key = reading.text(body, "id") or str(uuid.uuid4())
    ids.check_new_id(Network, key)
    new = NewNetwork(
        type=_type_of(body),
        id=key,
        **_described(body),
        project=_named(Project, body, "projectid"),
        partition=_named(Partition, body, "partitionid"),
        parent=_named(Network, body, "parentnetworkid"),
        vrf=reading.number(body, "vrf") or None,
        vrf_shared=reading.flag(body, "vrfshared"),
        nat_type=_nat_of(body),
        prefixes=sorted(reading.cidrs(body, "prefixes"), key=lambda cidr: cidr.version),
        destination_prefixes=reading.cidrs(body, "destinationprefixes"),
        default_child_prefix_length=reading.lengths(body, "defaultchildprefixlength"),
        additional_announcable_cidrs=reading.cidrs(body, "additionalAnnouncableCIDRs"),
    )
    return children.import_child(new) if new.type in CHILD_TYPES else networks.create(new)


def _carve(body: Body) -> Network:
    """A child of the super network of a partition."""
    family = reading.family(body)
    new = NewNetwork(
        type=NetworkType.CHILD_SHARED if reading.flag(body, "shared") else NetworkType.CHILD,
        **_described(body),
        project=reading.project(body),
        partition=lookups.get(Partition, reading.needed(body, "partitionid"), field="partitionid"),
        length=reading.lengths(body, "length"),
        address_family=[family] if family else (),
    )
    exits = Exits(_nat_of(body), reading.cidrs(body, "destinationprefixes"))
    return children.carve_as_metal_api(new, exits)


def _update(body: Body, *, force: bool) -> Network:
    """Change what is named; what is as it was is no change, for clients send networks back whole."""
    network = lookups.get(Network, reading.needed(body, "id"), field="id", lock=True)
    changes: dict[str, Any] = reading.texts(body, "name", "description")
    if "labels" in body:
        changes["labels"] = reading.labels(body)
    is_shared = reading.flag(body, "shared")  # which an external network may say too, as when it is made
    if "shared" in body and is_shared != network.is_shared_child and not (is_shared and network.is_external):
        raise NeverChanges("“shared” never changes. Send it as it is, or leave it out.", field="shared")
    if prefixes := reading.cidrs(body, "prefixes"):
        changes["prefixes"] = prefixes
    if destinations := reading.cidrs(body, "destinationprefixes"):
        changes["destination_prefixes"] = destinations
    if "additionalAnnouncableCIDRs" in body:
        changes["additional_announcable_cidrs"] = reading.cidrs(body, "additionalAnnouncableCIDRs")
    if lengths := reading.lengths(body, "defaultchildprefixlength"):
        changes["default_child_prefix_length"] = _kept_lengths(network, prefixes) | lengths
    access.require_change(network, fields=changes)
    differing = {name: value for name, value in changes.items() if not _is_same(network, name, value)}
    return networks.update(network, force=force, **differing) if differing else network


def _kept_lengths(network: Network, prefixes: list[IPNetwork]) -> dict[Family, int]:
    """The lengths of the families that it has after the change, for what is not named stays."""
    families = set(map(Family.of, prefixes or [prefix.cidr for prefix in network.prefixes.all()]))
    return {family: length for family, length in network.default_child_prefix_length.items() if family in families}


def _is_same(network: Network, name: str, value: Any) -> bool:
    """Whether a field holds this already; the order of CIDRs says nothing."""
    have = list(map(str, network.prefixes.all())) if name == "prefixes" else getattr(network, name)
    return set(have) == set(map(str, value)) if isinstance(value, list) else bool(have == value)


def _delete(pk: str, *, child_only: bool = False) -> Body:
    network = lookups.get(Network, pk)
    if child_only and not network.is_child:
        raise NeverChanges(f"{network} is no child network: it is removed by DELETE network/{pk}, not freed.")
    last = one(network)
    networks.delete(network)
    return last


def _find(body: Body) -> list[Body]:
    """Networks that match all that is said, exactly; what is left out says nothing, and false does."""
    found = access.visible(Network.objects.all())
    for name, said in reading.asked(body, *_COLUMNS):
        column = _COLUMNS[name]
        key = reading.uuid(said) if name == "projectid" and said else said
        if not said and name.endswith("id") and name != "id":
            found = found.filter(**{column: None})
        else:
            found = found.filter(**{column: key}) if key is not None else found.none()
    if (vrf := reading.number(body, "vrf")) is not None:
        found = found.filter(vrf=vrf or None)
    flags = {name: Q(type__in=_TYPES[name]) for name in ("privatesuper", "underlay")}
    for name, condition in {"nat": ~Q(nat_type=NatType.NONE), **flags}.items():
        if name in body:
            found = found.filter(condition if reading.flag(body, name) else ~condition)
    for key, value in reading.labels(body).items():
        found = found.labelled(key, value)
    for cidr in reading.few("prefixes", reading.cidrs(body, "prefixes")):
        found = found.having(Prefix.objects.equal_to(cidr)) if is_canonical(cidr) else found.none()
    if family := reading.family(body):
        found = found.having(Prefix.objects.filter(family=family))
    destinations = {str(cidr) for cidr in reading.cidrs(body, "destinationprefixes")}
    return shown(network for network in found if destinations <= set(network.destination_prefixes))


def _named(model: type[M], body: Body, name: str) -> M | None:
    """An object that is merely named; the operation looks it up."""
    key = reading.text(body, name)
    return model(pk=key) if key else None


def _described(body: Body) -> dict[str, Any]:
    described = {name: reading.text(body, name) for name in ("name", "description")}
    return {**described, "labels": reading.labels(body)}


def _type_of(body: Body) -> str:
    """The type that is named, which wins over flags that are false, or the one that the flags mean."""
    said = reading.take(body, "networktype", lambda found: found and parse_choice(found, NetworkType.values), "")
    flags = {name: reading.flag(body, name) for name in _TYPES}
    reading.check_flags(said, flags, _TYPES)
    try:
        return said or type_by_flags(is_child=bool(reading.text(body, "parentnetworkid")), **flags)
    except ValueError as error:
        raise errors.Invalid(str(error), field="privatesuper") from None


def _nat_of(body: Body) -> NatType:
    """The kind of NAT that is named, or the one that the flag means."""
    said = reading.take(body, "nattype", lambda found: found and parse_choice(found, NAT_TYPES), "")
    is_nat = reading.flag(body, "nat")
    if said == "none" and is_nat:
        raise errors.Invalid("“nat” contradicts the type none. Leave one of them out.", field="nattype")
    return NAT_TYPES[said] if said else NatType.IPV4_MASQUERADE if is_nat else NatType.NONE
