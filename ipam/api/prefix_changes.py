"""How prefixes grow, shrink, are split and merged."""

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam.api import fields, inputs, outputs, preconditions
from ipam.api.resources import Body, Resource
from ipam.api.shapes import Shape
from ipam.domain.networks import resizing, splitting
from ipam.models import Prefix


class Resize(inputs.Input):
    prefix = fields.Cidr()


class Split(inputs.Input):
    length = fields.Integer(min_value=0, max_value=128)


class Prefixes(Shape):
    prefixes = outputs.Prefix(many=True)


class PrefixChanges(Resource[Prefix]):
    @action(detail=True, methods=["post"])
    def resize(self, request: Request, pk: str) -> Response:
        wanted = self.parse(request)["prefix"]
        return self.write(lambda: resizing.resize(self._named(), wanted))

    @action(detail=True, methods=["post"])
    def split(self, request: Request, pk: str) -> Response:
        length = self.parse(request)["length"]
        return self.run(lambda: splitting.split(self._named(), length), self._show_all)

    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        self.parse(request)
        return self.write(lambda: splitting.merge(self._named()))

    def _named(self) -> Prefix:
        """Merely the id of the prefix: operations read it themselves, once they have locked its network."""
        prefix = Prefix(pk=self.kwargs["pk"])
        prefix.expected_generations = preconditions.seen(self.request)
        return prefix

    def _show_all(self, parts: list[Prefix]) -> Body:
        shape = self.output(context=self.context_for(parts))
        return {"prefixes": [shape.to_representation(one) for one in parts]}
