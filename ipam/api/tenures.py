"""Who held what, from when until when."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ipam import errors, insight_filters, models
from ipam.api import fields, outputs, parameters, shapes
from ipam.api.resources import Resource
from ipam.api.shapes import Shape
from ipam.domain.insight import address_states, tenures
from ipam.values import parse_address


class Tenure(Shape):
    """An address or a block, and who held it from when until when."""

    ip = serializers.CharField(source="text", help_text="of a block: its CIDR")
    address_family = fields.OneFamily(source="family")
    network = serializers.CharField(source="network_id")
    prefix = serializers.CharField(allow_null=True, help_text="that it was taken from")
    namespace = serializers.UUIDField(source="namespace_id", allow_null=True)
    project = serializers.UUIDField(source="project_id", allow_null=True)
    project_name = serializers.CharField(allow_blank=True)
    machine = serializers.SerializerMethodField()
    machine_name = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True, help_text="as it began; with ?at=, of that moment")
    type = serializers.CharField(allow_blank=True)
    allocation = serializers.UUIDField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    from_exact = serializers.BooleanField(help_text="false: it may have begun earlier")
    by = serializers.CharField(source="actor", allow_blank=True)
    door = serializers.CharField(allow_blank=True)
    event = serializers.IntegerField(source="begun_by", allow_null=True)
    ended_by = serializers.IntegerField(allow_null=True)

    def get_machine(self, tenure: models.Tenure) -> str | None:
        return tenure.machine_id or None

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name of Python's, and stands before `until`."""
        found = super().get_fields()
        later = {name: found.pop(name) for name in list(found)[list(found).index("until") :]}
        return {**found, "from": serializers.DateTimeField(source="since"), **later}


class TenureViews(Resource[models.Tenure]):
    """Who held what: by address, then by when it began."""

    model, output, filterset_class = models.Tenure, Tenure, insight_filters.TenureFilters
    ordering_fields = {"ip": "address"}
    http_method_names = ["get", "head", "options"]

    def get_queryset(self) -> QuerySet[models.Tenure]:
        return models.Tenure.objects.all()

    def list(self, request: Request) -> Response:
        asked = insight_filters.TenureFilters(request.query_params, queryset=self.objects())
        asked.refuse_unknown(parameters.PAGING)
        page: Sequence[models.Tenure] = self.paginate_queryset(asked.narrowed()) or []
        if asked.moment:
            tenures.name_as_of(page, asked.moment)
        return self.get_paginated_response(self.output(page, many=True).data)


class AddressState(Shape):
    """All about one address, held or free."""

    ip = serializers.CharField()
    state = serializers.ChoiceField(list(address_states.State))
    network = serializers.SerializerMethodField()
    prefix = serializers.CharField(allow_null=True)
    held = outputs.Address(allow_null=True)
    pair = outputs.Address(allow_null=True, help_text="of the other family, in the same allocation")
    previous = Tenure(allow_null=True, help_text="the last tenure that has ended")
    next_free = serializers.CharField(allow_null=True)
    tenures = Tenure(many=True, help_text=f"the newest {address_states.MAX_TENURES}")

    def get_network(self, found: address_states.AddressState) -> str | None:
        return found.prefix.network_id if found.prefix else None


class AddressStateView(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("namespace", str, description="a project, where its space starts again")],
        responses={200: AddressState, ("default", "application/problem+json"): shapes.Problem},
    )
    def get(self, request: Request, ip: str) -> Response:
        """Where it lies, who has it, who had it."""
        parameters.refuse_unknown(request, {"namespace"})
        try:
            address = parse_address(ip)
        except ValueError as error:
            raise errors.Invalid(str(error), field="ip") from None
        return Response(AddressState(address_states.of(address, parameters.namespace(request))).data)
