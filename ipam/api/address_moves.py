"""Where addresses move to, and how a request says so."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from ipam import errors
from ipam.addressing import Cidr
from ipam.api import fields, inputs
from ipam.domain.core import access
from ipam.domain.networks import address_moves
from ipam.models import IPAddress, Network, Prefix, Project
from ipam.models.base import SLUG_LENGTH


class Move(inputs.Input):
    """One of the three; a prefix is named by its CIDR or its id."""

    network = fields.Text(required=False, max_length=SLUG_LENGTH)
    prefix = fields.Text(required=False, max_length=SLUG_LENGTH)
    project = fields.Text(required=False, max_length=SLUG_LENGTH)


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
