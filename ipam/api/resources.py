"""What all views share: parse, call one operation, render; or only try it."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable
from drf_spectacular.utils import OpenApiParameter
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors
from ipam.api import idempotency, parameters, preconditions
from ipam.api.idempotency import Status
from ipam.api.inputs import Input
from ipam.api.parameters import StrictFilterBackend
from ipam.api.schema import Schema
from ipam.api.shapes import Shape
from ipam.domain.core import access, lookups
from ipam.domain.core.by_ids import AtHand, Named, Only
from ipam.domain.core.operations import dry_run
from ipam.domain.core.permissions import Permission
from ipam.models import Machine, Network, Partition, Project

M = TypeVar("M", bound=Model)
R = TypeVar("R")
Data = dict[str, Any]  # what a request says, by its fields
Body = dict[str, object]
_LONGEST_OF_READERS = 16_384  # bytes of a body; enough to learn that what it names is not theirs


class Resource(viewsets.GenericViewSet[M]):
    """One kind of object. Subclasses name its model, its shapes, and the operation behind each verb.

    `inputs` and `answers` say per action which shape goes in and out; without an entry the answer is `output`.
    """

    model: type[M]
    output: ClassVar[type[Shape]]
    inputs: ClassVar[dict[str, type[Input]]] = {}
    answers: ClassVar[dict[str, type[Shape]]] = {}
    several: ClassVar[dict[str, type[Shape]]] = {}  # what answers instead where a count was asked for
    parameters: ClassVar[dict[str, list[OpenApiParameter]]] = {}
    creating: ClassVar[set[str]] = {"create"}
    accepting: ClassVar[set[str]] = set()  # what is only begun: 202
    finding: ClassVar[set[str]] = set()  # what is created unless it is there: 201, or 200
    ordering_fields: ClassVar[dict[str, str | Combinable | Callable[[], Combinable]]] = {"id": "pk"}

    schema = Schema()
    filter_backends = (StrictFilterBackend,)
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[M]:
        """Objects with all that their output shows, in a constant number of statements."""
        return self.model._default_manager.all()

    def objects(self) -> QuerySet[M]:
        """Those of them that whoever asks may see."""
        return access.visible(self.get_queryset())

    def context_for(self, objects: list[M]) -> dict[str, object]:
        """What the output needs besides the objects themselves, fetched for all of them at once."""
        return {}

    def get_serializer_class(self) -> type[Shape]:
        return self.output

    def found(self) -> M:
        """The object that the address names, or `NotFound`; `Stale` if a write wants it as it is no more."""
        seen = preconditions.seen(self.request)
        if seen is None:
            return lookups.get(self.model, self.kwargs["pk"])
        model: Any = self.model  # what can be written has generations
        return cast(M, lookups.get_for_update(model, self.kwargs["pk"], seen))

    def parse(self, request: Request) -> Data:
        """The body in the shape of this action, with every problem reported at once.

        Whoever may write nowhere is told that, and neither that it is large nor what is wrong with it.
        """
        may_write = access.current().may_anywhere(Permission.ALLOCATE)
        if not may_write and int(request.META.get("CONTENT_LENGTH") or 0) > _LONGEST_OF_READERS:
            access.require_anywhere(Permission.ALLOCATE)
        try:
            body = request.data
        except Exception:  # whatever is wrong with it
            access.require_anywhere(Permission.ALLOCATE)
            raise
        serializer = self.inputs[self.action](data=body)
        if not serializer.is_valid(raise_exception=may_write):
            access.require_anywhere(Permission.ALLOCATE)
        return dict(serializer.validated_data)

    def render(self, one: M) -> Body:
        """An object as its output, re-read with what it shows; NotFound if it is gone by now."""
        return self.show(self.objects().filter(pk=one.pk).first() or lookups.get(self.model, one.pk))

    def show(self, one: M) -> Body:
        """An object that knows what its output shows."""
        return dict(self.output(one, context=self.context_for([one])).data)

    def write(self, do: Callable[[], M], *, status: int = 200) -> Response:
        """Run an operation on one object, and answer how it is now."""
        return self.run(do, self.render, status=status)

    def run(self, do: Callable[[], R], render: Callable[[R], Body | None], *, status: Status = 200) -> Response:
        """Run an operation and render its result, once for each key; with `?dry_run=true` keep nothing of it.

        `do` may be called several times, so it leaves the request as it was.
        """
        key = idempotency.key_of(self.request)
        if not self.detail:
            preconditions.refuse_tags(self.request)
        if not self.is_dry_run():
            return idempotency.respond(self.request, lambda: render(do()), key=key, status=status)
        with dry_run():
            body = {**(render(do()) or {}), "dry_run": True}
            code = idempotency.code(status)
            return Response(body, status=200 if code == 204 else code)

    def remove(self, do: Callable[[], object]) -> Response:
        """Run an operation that leaves nothing to render: 204, or of a dry run a word that it was."""
        return self.run(do, lambda result: None, status=204)

    def is_dry_run(self) -> bool:
        """Whether `?dry_run=true`; any other parameter of a write is refused, misspelt ones above all."""
        known = {parameter.name for parameter in self.parameters.get(self.action, [])}
        parameters.refuse_unknown(self.request, {"dry_run", *known})
        asked = self.request.query_params.get("dry_run", "false")
        if asked not in ("true", "false"):
            raise errors.Invalid("dry_run is true or false.", field="dry_run")
        return asked == "true"


class Readable(Resource[M]):
    """A list and its objects."""

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.objects())) or []
        shape = self.output(context=self.context_for(page))
        return self.get_paginated_response([shape.to_representation(row) for row in page])

    def retrieve(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        return preconditions.tagged(self.render(self.found()))


class Creatable(Resource[M]):
    def create(self, request: Request) -> Response:
        data = self.parse(request)
        return self.write(lambda: self.make(data), status=201)

    @abstractmethod
    def make(self, data: Data) -> M:
        """Call the operation that makes one of these."""


class Changeable(Resource[M]):
    def partial_update(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        return self.write(lambda: self.change(self.found(), data))

    @abstractmethod
    def change(self, found: M, data: Data) -> M:
        """Call the operation that changes this one."""


class Removable(Resource[M]):
    def destroy(self, request: Request, pk: str) -> Response:
        return self.remove(lambda: self.discard(self.found()))

    @abstractmethod
    def discard(self, found: M) -> None:
        """Call the operation that removes this one."""


class Editable(Readable[M], Creatable[M], Changeable[M], Removable[M]):
    pass  # without a docstring, which would describe each operation in the schema


_REFERENCES: dict[str, type[Model]] = {
    "partition": Partition,
    "project": Project,
    "parent": Network,
    "network": Network,
    "machine": Machine,
}


def with_references(
    data: Data,
    more: Mapping[str, tuple[type[Model], object]] | None = None,
    at_hand: AtHand | None = None,
    only: Only | None = None,
) -> Data:
    """The data with ids turned into objects, and without what was null; `more` ids are looked up together with them.

    `at_hand` and `only` are as `lookups.get_all` has them.
    """
    given = {name: value for name, value in data.items() if value is not None}
    named = references(given)
    return {**given, **lookups.get_all({**named, **(more or {})}, at_hand, only)}


def references(data: Data) -> Named:
    """What the ids in the data name."""
    return {
        name: (_REFERENCES[name], value) for name, value in data.items() if name in _REFERENCES and value is not None
    }
