"""Addresses, and allocations: the addresses that belong together."""

import uuid

from django.db.models import QuerySet, prefetch_related_objects
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters
from ipam.api import inputs, outputs, preconditions
from ipam.api.resources import Body, Changeable, Data, Readable, Removable, Resource, with_references
from ipam.domain.networks import address_rules, addresses, allocations
from ipam.models import IPAddress


class AddressViews(Readable[IPAddress], Changeable[IPAddress], Removable[IPAddress]):
    model, output, filterset_class = IPAddress, outputs.Address, filters.AddressFilters
    inputs = {"create": inputs.NewAddresses, "partial_update": inputs.ChangedAddress}
    answers = {"create": outputs.Addresses}
    ordering_fields = {"ip": "address", "id": "pk", "name": "name", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[IPAddress]:
        return IPAddress.objects.select_related("prefix")

    def create(self, request: Request) -> Response:
        data = self.parse(request)
        asked = {"families": data.pop("address_family", ()), "addresses": data.pop("ip", ())}
        address_rules.check_request(**asked, count=data.get("count", 1))

        def allocate() -> list[IPAddress]:
            wanted = with_references(data)
            return addresses.allocate(wanted.pop("network"), **asked, **wanted)

        return self.run(allocate, _render, status=201)

    def change(self, found: IPAddress, data: Data) -> IPAddress:
        return addresses.update(found, **data)

    def discard(self, found: IPAddress) -> None:
        addresses.release(found)


class AllocationViews(Resource[IPAddress]):
    """All addresses of one allocation, together."""

    model, output = IPAddress, outputs.Address
    inputs = {"join": inputs.Halves, "part": inputs.Nothing}
    answers = {"join": outputs.Addresses, "part": outputs.Addresses}
    lookup_value_converter = "uuid"

    def key(self) -> uuid.UUID:
        """The id of the allocation that the address names; NotFound if it is none."""
        preconditions.refuse_tags(self.request)
        try:
            return uuid.UUID(self.kwargs["pk"])
        except ValueError:
            raise errors.NotFound("There is no such allocation. Check the id.") from None

    def destroy(self, request: Request, pk: str) -> Response:
        return self.remove(lambda: addresses.release_allocation(self.key()))

    @action(detail=False, methods=["post"])
    def join(self, request: Request) -> Response:
        ips = self.parse(request)["ips"]
        return self.run(lambda: allocations.join(ips), _render)

    @action(detail=True, methods=["post"])
    def part(self, request: Request, pk: str) -> Response:
        self.parse(request)
        return self.run(lambda: allocations.part(self.key()), _render)


def _render(rows: list[IPAddress]) -> Body:
    prefetch_related_objects(rows, "prefix")
    return {"ips": outputs.Address(rows, many=True).data}
