"""Networks and their prefixes, and what is free in them."""

import uuid

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters
from ipam.addressing import Family
from ipam.api import fields, inputs, outputs, parameters
from ipam.api.resources import Body, Data, Editable, Readable, with_references
from ipam.domain.networks import children, network_fields, networks
from ipam.domain.networks import completion as families
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import free_blocks, prefix_map, utilization
from ipam.models import VRF, Network, Prefix

LENGTH = OpenApiParameter("length", int, description="a prefix length")
ADDRESS_FAMILY = OpenApiParameter("address_family", str, enum=[family.key for family in Family])
NAMESPACE = OpenApiParameter("namespace", uuid.UUID, description="in a namespaced super: the project")
FIRST = Subquery(Prefix.objects.filter(network=OuterRef("pk")).in_order().values("first")[:1])
ORDERED_PREFIXES = Prefetch("prefixes", Prefix.objects.in_order())


class NetworkViews(Editable[Network]):
    model, output, filterset_class = Network, outputs.Network, filters.NetworkFilters
    inputs = {
        "create": inputs.NewNetwork,
        "partial_update": inputs.ChangedNetwork,
        "prefixes": inputs.NewPrefix,
        "families": inputs.NewFamily,
        "complete": inputs.Completion,
    }
    answers = {"complete": outputs.Progress, "free": outputs.FreeByFamily}
    parameters = {
        "remove_prefix": [OpenApiParameter("prefix", str, required=True, description="the CIDR")],
        "free": [ADDRESS_FAMILY, LENGTH, NAMESPACE],
    }
    creating = {"create", "prefixes", "families"}
    ordering_fields = {
        "id": "pk",
        "name": "name",
        "type": "type",
        "prefix": FIRST,
        "utilization": utilization.fullness(),
        "created_at": "created_at",
    }

    def get_queryset(self) -> QuerySet[Network]:
        return Network.objects.prefetch_related(ORDERED_PREFIXES)

    def context_for(self, objects: list[Network]) -> dict[str, object]:
        return {"consumption": utilization.of_networks(objects)}

    def make(self, data: Data) -> Network:
        errors.raise_all(network_fields.violations_of_given(data["type"], data))
        by_name = {"vrf": (VRF, data["vrf"])} if isinstance(data.get("vrf"), str) else {}
        found = with_references(data, by_name)
        return networks.create(NewNetwork(**found | {name: found[name].pk for name in by_name}))

    def change(self, found: Network, data: Data) -> Network:
        return networks.update(found, **data)

    def discard(self, found: Network) -> None:
        networks.delete(found)

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


class PrefixViews(Readable[Prefix]):
    model, output, filterset_class = Prefix, outputs.Prefix, filters.PrefixFilters
    answers = {"free": outputs.FreeByFamily, "map": outputs.Map}
    parameters = {
        "free": [ADDRESS_FAMILY, LENGTH, NAMESPACE],
        "map": [OpenApiParameter("cells", int, description="a power of two, 256 if left out"), NAMESPACE],
    }
    ordering_fields = {"prefix": "first", "id": "pk", "length": "length", "network": "network_id"}

    def get_queryset(self) -> QuerySet[Prefix]:
        return Prefix.objects.select_related("network")

    def context_for(self, objects: list[Prefix]) -> dict[str, object]:
        return {"consumption": utilization.of_prefixes(objects)}

    @action(detail=True)
    def free(self, request: Request, pk: str) -> Response:
        return Response(_free(request, [self.found()]))

    @action(detail=True)
    def map(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, {"cells", "namespace"})
        prefix = self.found()
        drawing = prefix_map.of_prefix(
            prefix, cells=parameters.number(request, "cells", 256), namespace=parameters.namespace(request)
        )
        return Response(outputs.Map({"prefix": prefix.cidr, "cells": drawing.cells}).data)


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
