"""Claims over HTTP: their shapes, and a view that fetches, calls one operation of the domain, renders."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters, models
from ipam.addressing import Family
from ipam.api import fields, inputs
from ipam.api.resources import Body, Creatable, Data, Readable, Removable
from ipam.api.shapes import Output, Shape
from ipam.domain.core import lookups
from ipam.domain.networks import claims
from ipam.fields import stored, text_of
from ipam.models import IPAddress, Network, Project
from ipam.models.base import SLUG_LENGTH
from ipam.models.claims import CLAIM_LENGTH


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 0, "maximum": 128}, {"type": "object"}]})
class Length(fields.Lengths):
    """A prefix length, of the family that is asked for, or one for each."""

    def to_internal_value(self, data: object) -> Any:
        if isinstance(data, int):
            return fields.Integer(min_value=0, max_value=128).run_validation(data)
        return super().to_internal_value(data)


class NamedClaim(inputs.Input):
    pool = fields.Text(max_length=SLUG_LENGTH, help_text="a network")
    name = fields.Text(max_length=CLAIM_LENGTH)
    owner = fields.Text(max_length=SLUG_LENGTH, help_text="a project")
    address_family = fields.OneFamily(required=False)


class NewClaim(NamedClaim):
    length = Length(required=False, help_text="of a child that a super network gives")
    labels = fields.Labels(required=False)


class ClaimedAddress(Shape):
    ip = serializers.CharField()
    address_family = fields.OneFamily()
    prefix = serializers.IntegerField(help_text="the length of the prefix that it lies in")
    gateway = serializers.CharField(allow_null=True)


class Claim(Output):
    id = serializers.UUIDField()
    pool = serializers.CharField(source="network_id")
    name = serializers.CharField()
    owner = serializers.UUIDField(source="project_id")
    allocation = serializers.UUIDField(allow_null=True)
    labels = serializers.DictField(child=serializers.CharField())
    ips = serializers.SerializerMethodField()
    network = serializers.CharField(
        source="child_id", allow_null=True, help_text="the child that a super network has given"
    )

    @extend_schema_field(ClaimedAddress(many=True))
    def get_ips(self, claim: models.Claim) -> list[Body]:
        return cast(list[Body], self.context["ips"].get(claim.allocation, []))


class ClaimViews(Readable[models.Claim], Creatable[models.Claim], Removable[models.Claim]):
    """Addresses and prefixes for controllers: the same name gets the same ones, until it is released."""

    model, output, filterset_class = models.Claim, Claim, filters.ClaimFilters
    inputs = {"create": NewClaim}
    finding = {"create"}
    parameters = {
        "release": [
            *(
                OpenApiParameter(name, str, required=True, description=text)
                for name, text in (("pool", "the network"), ("name", "of the claim"), ("owner", "the project"))
            ),
            OpenApiParameter("address_family", str, enum=[one.key for one in Family], description="of one half alone"),
        ]
    }
    ordering_fields = {"name": "name", "id": "pk", "created_at": "created_at"}

    def context_for(self, objects: list[models.Claim]) -> dict[str, object]:
        held: dict[UUID, list[Body]] = {claim.allocation: [] for claim in objects if claim.allocation}
        rows = IPAddress.objects.filter(allocation__one_of=held).order_by("address")
        columns = ("allocation", "family", stored("address"), "prefix__length", stored("prefix__gateway"))
        for allocation, family, address, length, gateway in rows.values_list(*columns):
            one = {"ip": text_of(address), "address_family": family, "prefix": length}
            held[allocation].append(ClaimedAddress.of({**one, "gateway": text_of(gateway) if gateway else None}))
        return {"ips": held}

    def create(self, request: Request) -> Response:
        data = self.parse(request)
        made: list[bool] = []

        def do() -> models.Claim:
            one = self.make(data)
            made[:] = [one.made]
            return one

        return self.run(do, self._shown_to(data), status=lambda: 201 if made == [True] else 200)

    def make(self, data: Data) -> models.Claim:
        family = data.get("address_family")
        more: Data = {"families": [family] if family else [], "lengths": _lengths(data.get("length"), family)}
        return claims.claim(**_asked(data), **more, labels=data.get("labels"))

    def discard(self, found: models.Claim) -> None:
        claims.release(found)

    def _shown_to(self, data: Data) -> Callable[[models.Claim], Body]:
        """A claim with the half that was asked for, or with both."""

        def render(one: models.Claim) -> Body:
            body, asked = self.show(one), data.get("address_family")
            held = cast(list[Body], body["ips"])
            return {**body, "ips": [each for each in held if asked is None or each["address_family"] == asked.key]}

        return render

    @extend_schema(operation_id="claims_release")
    def release(self, request: Request) -> Response:
        """Release by name: both halves, or that of one family."""

        def do() -> None:
            asked = self.parse_query(request)
            claims.release(claims.get(**_asked(asked)), family=asked.get("address_family"))

        return self.remove(do)

    def parse_query(self, request: Request) -> Data:
        names = ("pool", "name", "owner", "address_family")
        given = {one: text for one in names if (text := request.query_params.get(one)) is not None}
        serializer = NamedClaim(data=given)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


def _lengths(length: Any, family: Family | None) -> dict[Family, int]:
    """Prefix lengths by family; a number is of the family that is asked for."""
    if not isinstance(length, int):
        return length or {}
    if family is None:
        raise errors.Invalid('Say of which family this length is: {"ipv4": 26}, or an address_family.', field="length")
    return {family: length}


def _asked(data: Data) -> Data:
    """The arguments of a claim: `pool` is a network, `owner` a project."""
    found = lookups.get_all({"pool": (Network, data["pool"]), "owner": (Project, data["owner"])})
    return {"network": found["pool"], "project": found["owner"], "name": data["name"]}
