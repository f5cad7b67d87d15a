"""Addresses, and allocations: the addresses that belong together."""

import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters
from ipam.api import inputs, moves, outputs, preconditions, short_way
from ipam.api.resources import Body, Changeable, Data, Readable, Removable, Resource, references, with_references
from ipam.domain.core import by_ids, lookups
from ipam.domain.core.by_ids import AtHand, Only
from ipam.domain.networks import address_holders, address_rules, addresses, allocations, held_rows, sharing
from ipam.models import IPAddress, Machine, Network, Project

# What is asked of them when addresses are taken.
_LOADED: Only = {
    Network: ("id", "type", "stack", "project_id", "namespace_id", "managed_by"),
    Project: ("id",),
}
_NOT_TOLD = [f"prefix__{column}" for column in ("created_at", "updated_at", "generation", "last")]


class AddressViews(Readable[IPAddress], Changeable[IPAddress], Removable[IPAddress]):
    model, output, filterset_class = IPAddress, outputs.Address, filters.AddressFilters
    inputs = {"create": inputs.NewAddresses, "partial_update": inputs.ChangedAddress, "move": moves.AddressMove}
    answers = {"create": outputs.Addresses}
    ordering_fields = {"ip": "address", "id": "pk", "name": "name", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[IPAddress]:
        return IPAddress.objects.select_related("prefix").defer(*_NOT_TOLD)

    @classmethod
    def as_view(cls, actions: Any = None, **options: Any) -> Any:
        """What is asked most has a short way."""
        return short_way.marked(super().as_view(actions, **options), {"create": _taking, "destroy": _giving_back})

    def create(self, request: Request) -> Response:
        return self.run(_allocation(self.parse(request)), _shown, status=201)

    def change(self, found: IPAddress, data: Data) -> IPAddress:
        given = {name: value for name, value in data.items() if name not in ("machine", "machines")}
        if "machine" in data and "machines" in data:
            raise errors.Invalid("Name one machine to attach, or all machines.", field="machines")
        if "machines" in data:
            return address_holders.set_machines([found], [Machine(pk=key) for key in data["machines"]], **given)[0]
        if "machine" in data:
            machine = None if data["machine"] is None else Machine(pk=data["machine"])
            return address_holders.hand_over([found], machine, **given)[0]
        return addresses.update(found, **data)

    def context_for(self, objects: list[IPAddress]) -> dict[str, object]:
        sharing.know_holders(objects)
        return {}

    def destroy(self, request: Request, pk: str) -> Response:
        if preconditions.seen(request) is None:
            return self.remove(lambda: addresses.release(pk))
        return super().destroy(request, pk)

    def discard(self, found: IPAddress) -> None:
        addresses.release(found)

    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        move = moves.moving(self.parse(request))

        def act() -> IPAddress:
            found = self.found()
            move(found.allocation)
            return found

        return self.write(act)


class AllocationViews(Resource[IPAddress]):
    """All addresses of one allocation, together."""

    model, output = IPAddress, outputs.Address
    inputs = {"join": inputs.Halves, "part": inputs.Nothing, "move": moves.AddressMove}
    answers = {"join": outputs.Addresses, "part": outputs.Addresses, "move": outputs.Addresses}
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

    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        move = moves.moving(self.parse(request))
        return self.run(lambda: move(self.key()), _render)


def _allocation(data: Data, at_hand: AtHand | None = None) -> Callable[[], list[IPAddress]]:
    """What takes the addresses that a request asks for; it may be called several times."""
    asked = {"families": data.pop("address_family", ()), "addresses": data.pop("ip", ())}
    address_rules.check_request(**asked, count=data.get("count", 1))

    def allocate() -> list[IPAddress]:
        wanted = with_references(data, at_hand=at_hand, only=_LOADED)
        return addresses.allocate(wanted.pop("network"), **asked, **wanted)

    return allocate


def _taking(request: HttpRequest) -> short_way.Ask | None:
    data = short_way.body_of(request, inputs.NewAddresses)
    if data is None:
        return None
    named = {field: one for field, one in references(data).items() if lookups.is_id(*one)}
    return short_way.Ask(
        by_ids.beside(named, _LOADED),
        lambda row: _shown(_allocation(data, by_ids.at_hand(named, _LOADED, row))()),
    )


def _giving_back(request: HttpRequest, pk: str) -> short_way.Ask | None:
    if not lookups.is_id(IPAddress, pk):
        return None
    return short_way.Ask(held_rows.beside(pk), lambda row: addresses.release(held_rows.at_hand(row) or pk))


def _render(rows: list[IPAddress]) -> Body:
    prefetch_related_objects(rows, "prefix")
    return _shown(rows)


def _shown(rows: list[IPAddress]) -> Body:
    """Addresses that know their prefixes."""
    return {"ips": [outputs.Address.of(row) for row in sharing.know_holders(rows)]}
