"""Where addresses and networks move to, and how a request says so."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors
from ipam.addressing import Cidr
from ipam.api import fields, inputs
from ipam.api.resources import Resource
from ipam.domain.core import access, lookups
from ipam.domain.networks import address_moves, network_moves
from ipam.models import VRF, IPAddress, Network, Partition, Prefix, Project
from ipam.models.base import SLUG_LENGTH
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI


class AddressMove(inputs.Input):
    """One of the three; a prefix is named by its CIDR or its id."""

    network = fields.Text(required=False, max_length=SLUG_LENGTH)
    prefix = fields.Text(required=False, max_length=SLUG_LENGTH)
    project = fields.Text(required=False, max_length=SLUG_LENGTH)


class NetworkMove(inputs.Input):
    """Any of the three: where it goes. What is left out stays."""

    vrf = fields.Vrf(required=False, allow_null=True, min_value=LOWEST_VNI, max_value=HIGHEST_VNI)
    project = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    partition = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    with_children = fields.Flag(required=False)


class NetworkMoves(Resource[Network]):
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(lambda: network_moves.move(self.found(), **_places(data)))


def _places(data: dict[str, Any]) -> dict[str, Any]:
    """What a request says, with references that the operation looks up."""
    wanted = dict(data)
    if isinstance(data.get("vrf"), str):
        wanted["vrf"] = lookups.named(VRF, data["vrf"], field="vrf").pk
    models: dict[str, type[Model]] = {"project": Project, "partition": Partition}
    return wanted | {name: model(pk=data[name]) for name, model in models.items() if data.get(name) is not None}


def moving(data: dict[str, Any]) -> Callable[[Any], list[IPAddress]]:
    """What moves an allocation to where a request says."""

    def move(allocation: Any) -> list[IPAddress]:
        wanted: dict[str, Any] = {}
        if "network" in data:
            wanted["network"] = Network(pk=data["network"])
        if "project" in data:
            wanted["project"] = Project(pk=data["project"])
        if "prefix" in data:
            wanted["prefix"] = _prefix(data["prefix"])
        return address_moves.move(allocation, **wanted)

    return move


def _prefix(text: str) -> Prefix:
    """The prefix with this id, or that is this CIDR, of those that give addresses."""
    known = access.visible(Prefix.objects.select_related("network"))
    if text.isdecimal() and len(text) < 19:
        found = known.filter(pk=int(text)).first()
    else:
        try:
            cidr: Cidr = fields.Cidr().to_internal_value(text)
        except serializers.ValidationError:
            raise errors.Invalid("Name a prefix by its CIDR or its id.", field="prefix") from None
        found = known.equal_to(cidr).order_by("-parent_id").first()
    if found is None:
        raise errors.NotFound(f"There is no prefix “{text}”.", field="prefix")
    return found
