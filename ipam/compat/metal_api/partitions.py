"""`partition/…`: sites. How machines boot there, DNS and NTP are other systems' and not kept."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ipam.compat.metal_api import reading
from ipam.compat.metal_api.requests import ADMIN, Body, MetalView
from ipam.compat.transactions import in_one_transaction
from ipam.domain.core import access, lookups
from ipam.domain.networks import ids, partitions
from ipam.models import Partition


class PartitionsView(MetalView):
    """`GET` all, `PUT` a new one, `POST` changes."""

    needs = ADMIN

    def get(self, request: Request) -> Response:
        return Response([_shown(one) for one in access.visible(Partition.objects.order_by("pk"))])

    def put(self, request: Request) -> Response:
        body = self.body()
        return Response(_shown(in_one_transaction(lambda: _create(body))), status=201)

    def post(self, request: Request) -> Response:
        body = self.body()
        return Response(_shown(in_one_transaction(lambda: _update(body))))


class PartitionView(MetalView):
    needs = ADMIN

    def get(self, request: Request, pk: str) -> Response:
        return Response(_shown(lookups.get(Partition, pk)))

    def delete(self, request: Request, pk: str) -> Response:
        def remove() -> Body:
            found = lookups.get(Partition, pk)
            partitions.delete(found)
            return _shown(found)

        return Response(in_one_transaction(remove))


def _shown(one: Partition) -> Body:
    return {
        "id": one.pk,
        "name": one.name,
        "description": one.description,
        "labels": one.labels,
        "bootconfig": {},
        "created": one.created_at,
        "changed": one.updated_at,
    }


def _create(body: Body) -> Partition:
    key = reading.needed(body, "id")
    ids.check_new_id(Partition, key)
    return partitions.create(id=key, **_changes(body))


def _update(body: Body) -> Partition:
    return partitions.update(lookups.get(Partition, reading.needed(body, "id"), field="id"), **_changes(body))


def _changes(body: Body) -> dict[str, Any]:
    labels = {"labels": reading.labels(body)} if "labels" in body else {}
    return {**reading.texts(body, "name", "description"), **labels}
