"""Networks and their prefixes, and what is free in them."""

import uuid
from typing import cast

from django.db.models import Model, OuterRef, Subquery
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters
from ipam.addressing import Family
from ipam.api import fields, inputs, measures, moves, outputs, parameters, points, preconditions, prefix_changes
from ipam.api.resources import Body, Changeable, Data, Editable, Readable, with_references
from ipam.api.series import PERIOD, NetworkForecast, NetworkHistory, NetworkSeries, Stored
from ipam.domain.networks import children, network_fields, networks
from ipam.domain.networks import completion as families
from ipam.domain.networks import prefixes as prefix_operations
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import free_blocks, fullness, prefix_map, utilization
from ipam.domain.space.utilization import FamilyUse
from ipam.models import VRF, Network, Partition, Prefix, Project
from ipam.models.prefixes import PrefixRow

REFERENCES: dict[str, type[Model]] = {"project": Project, "partition": Partition, "parent": Network}
LENGTH = OpenApiParameter("length", int, description="a prefix length")
ADDRESS_FAMILY = OpenApiParameter("address_family", str, enum=[family.key for family in Family])
NAMESPACE = OpenApiParameter("namespace", uuid.UUID, description="in a namespaced super: the project")
FIRST = Subquery(Prefix.objects.filter(network=OuterRef("pk")).in_order().values("first")[:1])


class NetworkViews(NetworkSeries, moves.NetworkMoves, Editable[Network]):
    model, output, filterset_class = Network, outputs.Network, filters.NetworkFilters
    inputs = {
        "create": inputs.NewNetwork,
        "partial_update": inputs.ChangedNetwork,
        "prefixes": inputs.NewPrefix,
        "families": inputs.NewFamily,
        "complete": inputs.Completion,
        "add_history": points.NewPoints,
        "move": moves.NetworkMove,
    }
    several = {"create": outputs.Networks}
    answers = {
        "complete": outputs.Progress,
        "free": outputs.FreeByFamily,
        "history": NetworkHistory,
        "add_history": Stored,
        "forecast": NetworkForecast,
    }
    parameters = {
        "remove_prefix": [OpenApiParameter("prefix", str, required=True, description="the CIDR")],
        "free": [ADDRESS_FAMILY, LENGTH, NAMESPACE],
        "history": PERIOD,
    }
    creating = {"create", "prefixes", "families", "add_history"}
    ordering_fields = {
        "id": "pk",
        "name": "name",
        "type": "type",
        "prefix": FIRST,
        "utilization": fullness.fullness,
        "created_at": "created_at",
    }

    def context_for(self, objects: list[Network]) -> dict[str, object]:
        prefixes = Prefix.objects.rows_of([network.pk for network in objects])
        return {"prefixes": prefixes, "consumption": utilization.of_networks(objects, prefixes)}

    def create(self, request: Request) -> Response:
        data = self.parse(request)
        count = data.pop("count", None)
        prefixes = data.pop("prefixes", [])
        data |= {"prefixes": [cidr for cidr, _ in prefixes], "prefix_fields": dict(prefixes)}
        if count is None:
            return self.run(lambda: networks.create(_wanted(data)), self.show_new, status=201)
        return self.run(lambda: networks.create_many(_wanted(data), count), self._show_all, status=201)

    def show_new(self, network: Network) -> Body:
        """A network that has just been made."""
        return self._show(network, _rows_of(network), utilization.of_new(network))

    def _show_all(self, made: list[Network]) -> Body:
        return {"networks": [self.show_new(network) for network in made]}

    def change(self, found: Network, data: Data) -> Network:
        return networks.update(found, **data)

    def discard(self, found: Network) -> None:
        networks.delete(found)

    def found(self) -> Network:
        """The network that the address names; merely its id for operations, which read it themselves."""
        if self.request.method in SAFE_METHODS or self.action == "complete":
            return cast(Network, super().found())
        network = Network(pk=self.kwargs["pk"])
        network.expected_generations = preconditions.seen(self.request)
        return network

    def render(self, one: Network) -> Body:
        """A network with its prefixes, which operations tell."""
        rows = _rows_of(one) or Prefix.objects.rows_of([one.pk])[one.pk]
        return self._show(one, rows, utilization.of_networks([one], {one.pk: rows})[one.pk])

    def _show(self, one: Network, prefixes: list[PrefixRow], uses: list[FamilyUse]) -> Body:
        context = {"prefixes": {one.pk: prefixes}, "consumption": {one.pk: uses}}
        return dict(self.output(one, context=context).data)

    @action(detail=True, methods=["post"])
    def prefixes(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        cidr = data.pop("prefix")
        return self.write(lambda: networks.add_prefix(self.found(), cidr, **data), status=201)

    @prefixes.mapping.delete
    def remove_prefix(self, request: Request, pk: str) -> Response:
        self.is_dry_run()
        cidr = parameters.value(request, "prefix", fields.Cidr())
        return self.remove(lambda: networks.remove_prefix(self.found(), cidr))

    @action(detail=True, methods=["post"])
    def families(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(
            lambda: children.add_family(self.found(), data["address_family"], length=data.get("length")), status=201
        )

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        family = data.pop("address_family")
        return self.run(lambda: families.complete(self.found(), family, **data), _render_progress)

    @action(detail=True)
    def free(self, request: Request, pk: str) -> Response:
        return Response(_free(request, list(self.found().prefixes.select_related("network").in_order())))


class PrefixViews(Readable[Prefix], Changeable[Prefix], prefix_changes.PrefixChanges):
    model, output, filterset_class = Prefix, outputs.Prefix, filters.PrefixFilters
    inputs = {
        "partial_update": inputs.ChangedPrefix,
        "resize": prefix_changes.Resize,
        "split": prefix_changes.Split,
        "merge": inputs.Nothing,
    }
    answers = {"free": outputs.FreeByFamily, "map": outputs.Map, "split": prefix_changes.Prefixes}
    parameters = {
        "free": [ADDRESS_FAMILY, LENGTH, NAMESPACE],
        "map": [
            OpenApiParameter("cells", int, description="a power of two, 256 if left out"),
            OpenApiParameter("at", str, description="a past moment, without ranges and what cooled; now if left out"),
            NAMESPACE,
        ],
    }
    ordering_fields = {"prefix": "first", "id": "pk", "length": "length", "network": "network_id"}

    def context_for(self, objects: list[Prefix]) -> dict[str, object]:
        return {"consumption": utilization.of_prefixes(objects)}

    def change(self, found: Prefix, data: Data) -> Prefix:
        return prefix_operations.update(found, **data)

    @action(detail=True)
    def free(self, request: Request, pk: str) -> Response:
        return Response(_free(request, [self.found()]))

    @action(detail=True)
    def map(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, {"cells", "at", "namespace"})
        prefix = self.found()
        drawing = prefix_map.of_prefix(
            prefix,
            cells=parameters.number(request, "cells", 256),
            namespace=parameters.namespace(request),
            at=parameters.value_if_given(request, "at", measures.Moment()),
        )
        return Response(outputs.Map({"prefix": prefix.cidr, "cells": drawing.cells}).data)


def _wanted(data: Data) -> NewNetwork:
    """What a request says, with references that operations look up."""
    if isinstance(data.get("vrf"), str):
        errors.raise_all(network_fields.violations_of_given(data["type"], data))
        found = with_references(data, {"vrf": (VRF, data["vrf"])})
        return NewNetwork(**found | {"vrf": found["vrf"].pk})
    given = {name: value for name, value in data.items() if value is not None}
    return NewNetwork(**given | {name: model(pk=given[name]) for name, model in REFERENCES.items() if name in given})


def _rows_of(network: Network) -> list[PrefixRow]:
    """The prefixes that an operation knows of, as rows."""
    return [PrefixRow.of(prefix) for prefix in network.known_prefixes]


def _render_progress(progress: families.Progress) -> Body:
    return dict(outputs.Progress(progress).data)


def _free(request: Request, prefixes: list[Prefix]) -> Body:
    """Free space per family that there is, or of the one asked for."""
    parameters.refuse_unknown(request, {"address_family", "length", "namespace"})
    asked = request.query_params.get("address_family")
    present = sorted({prefix.address_family for prefix in prefixes})
    wanted = [parameters.value(request, "address_family", fields.OneFamily())] if asked else present
    length = parameters.number(request, "length", None)
    # A length of IPv6 alone leaves IPv4 out; one that no family has is refused below.
    fitting = [family for family in wanted if length is None or length <= family.bits] or wanted
    namespace = parameters.namespace(request)
    lengths = {} if length is None else dict.fromkeys(fitting, length)
    found = free_blocks.by_family(prefixes, lengths=lengths, namespace=namespace)
    return {family.key: outputs.Free(found[family]).data for family in fitting if family in found}
