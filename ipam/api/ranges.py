"""Ranges of a network's prefixes, below the network."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import serializers

from ipam import errors, models
from ipam.api import fields, inputs, measures
from ipam.api.resources import Data, Editable, with_references
from ipam.api.shapes import Described
from ipam.domain.core import lookups
from ipam.domain.networks import ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models.base import SLUG_LENGTH
from ipam.range_filters import RangeFilters


class ChangedRange(inputs.Described):
    use = fields.Choice(choices=models.AddressRange.Use.choices, required=False)
    project = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)


class NewRange(ChangedRange):
    """Where it lies in one of three forms: `first` and `last`; a `prefix`; `in` with `first_n` or `last_n`."""

    first = fields.Address(required=False, allow_null=True)
    last = fields.Address(required=False, allow_null=True)
    prefix = fields.Cidr(required=False, allow_null=True)
    first_n = measures.Count(required=False, allow_null=True)
    last_n = measures.Count(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "in": fields.Cidr(required=False, allow_null=True)}


class Range(Described):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    id = serializers.UUIDField()
    network = serializers.CharField(source="network_id")
    prefix = serializers.CharField()
    first = serializers.CharField()
    last = serializers.CharField()
    address_family = fields.OneFamily(source="family")
    use = serializers.CharField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    size = serializers.CharField()
    held = serializers.SerializerMethodField(help_text="how many of its addresses somebody has")

    def get_held(self, one: models.AddressRange) -> str:
        return str(self.context["held"][one.pk])


class RangeViews(Editable[models.AddressRange]):
    model, output, filterset_class = models.AddressRange, Range, RangeFilters
    inputs = {"create": NewRange, "partial_update": ChangedRange}
    ordering_fields = {"first": "first", "id": "pk", "created_at": "created_at"}

    network_id = ""  # of the address of the list

    def dispatch(self, request: HttpRequest, *args: Any, network: str, **kwargs: Any) -> HttpResponseBase:
        self.network_id = network
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[models.AddressRange]:
        known = models.AddressRange.objects.select_related("prefix__network", "network")
        return known.filter(network=self.network_id) if self.network_id else known

    def objects(self) -> QuerySet[models.AddressRange]:
        self._network()
        return super().objects()

    def context_for(self, objects: list[models.AddressRange]) -> dict[str, object]:
        return {"held": ranges.held_in(objects)}

    def found(self) -> models.AddressRange:
        one = super().found()
        if one.network_id != self.network_id:
            raise errors.NotFound(f"{self.network_id} has no range {one.pk}. Check the id.")
        return one

    def make(self, data: Data) -> models.AddressRange:
        where = ("first", "last", "prefix", "first_n", "last_n")
        bounds = Bounds(**{name: data.pop(name, None) for name in where}, inside=data.pop("in", None))
        return ranges.create(self._network(), bounds, **with_references(data))

    def change(self, found: models.AddressRange, data: Data) -> models.AddressRange:
        return ranges.update(found, **{**data, **with_references({"project": data.get("project")})})

    def discard(self, found: models.AddressRange) -> None:
        ranges.delete(found)

    def _network(self) -> models.Network:
        return lookups.get(models.Network, self.network_id)
