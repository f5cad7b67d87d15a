"""`project/…`: owners, in the shape that metal-stack shares with its masterdata: id, version and labels in `meta`."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, tags
from ipam.compat.metal_api import reading
from ipam.compat.metal_api.requests import ADMIN, Body, MetalView
from ipam.compat.transactions import in_one_transaction
from ipam.domain.core import access, lookups
from ipam.domain.networks import projects
from ipam.labels import parse_labels
from ipam.models import Project
from ipam.tags import ANNOTATION, LABEL, PROJECT_KEYS
from ipam.values import parse_uuid


class ProjectsView(MetalView):
    """`GET` all, `PUT` a new one, `POST` changes."""

    needs = ADMIN

    def get(self, request: Request) -> Response:
        return Response([_shown(one) for one in access.visible(Project.objects.order_by("name", "pk"))])

    def put(self, request: Request) -> Response:
        body = self.body()
        return Response(_shown(in_one_transaction(lambda: _create(body))), status=201)

    def post(self, request: Request) -> Response:
        body = self.body()
        return Response(_shown(in_one_transaction(lambda: _update(body))))


class ProjectView(MetalView):
    needs = ADMIN

    def get(self, request: Request, pk: str) -> Response:
        found = lookups.get(Project, pk)
        return Response({**_shown(found), "quotas": {"ip": {"used": found.addresses.count()}}})

    def delete(self, request: Request, pk: str) -> Response:
        def remove() -> Body:
            found = lookups.get(Project, pk)
            projects.delete(found)
            return _shown(found)

        return Response(in_one_transaction(remove))


class FindProjectsView(MetalView):
    def post(self, request: Request) -> Response:
        body, found = self.body(), access.visible(Project.objects.order_by("name", "pk"))
        columns = {"name": "name", "description": "description", "tenant_id": "tenant"}
        for name, said in reading.asked(body, *columns):
            found = found.filter(**{columns[name]: said})
        for _, said in reading.asked(body, "id"):
            key = reading.uuid(said)
            found = found.filter(pk=key) if key else found.none()
        return Response([_shown(one) for one in found])


def _shown(one: Project) -> Body:
    annotations = {key.removeprefix(ANNOTATION): text for key, text in one.labels.items() if key.startswith(ANNOTATION)}
    labels = {key: text for key, text in one.labels.items() if not key.startswith(PROJECT_KEYS)}
    others = [text for key, text in one.labels.items() if key.startswith(LABEL)]
    return {
        "meta": {
            "id": str(one.pk),
            "kind": "Project",
            "apiversion": "v1",
            "version": one.generation,
            "annotations": annotations,
            "labels": tags.joined(labels, others),
            "created_time": one.created_at,
            "updated_time": one.updated_at,
        },
        "name": one.name,
        "description": one.description,
        "tenant_id": one.tenant,
    }


def _create(body: Body) -> Project:
    meta = _meta(body)
    key = reading.take(meta, "id", lambda found: parse_uuid(found) if found else None, None)
    if key and Project.objects.filter(pk=key).exists():
        raise errors.AlreadyExists(f"There is already a project {key}.", field="meta.id")
    reading.needed(body, "tenant_id")
    return projects.create(id=key, **_changes(body, meta, {}))


def _update(body: Body) -> Project:
    """Change what is named; Stale where `meta.version` is not that of the project."""
    meta = _meta(body)
    found = lookups.get(Project, reading.needed(meta, "id"), field="meta.id", lock=True)
    version = reading.number(meta, "version")
    if version is not None:
        lookups.check_generation(found, {version})
    return projects.update(found, **_changes(body, meta, found.labels))


def _meta(body: Body) -> Body:
    meta: Body = body.get("meta", {})
    if not isinstance(meta, dict):
        raise errors.Invalid("“meta” is an object.", field="meta")
    return meta


def _changes(body: Body, meta: Body, labels: dict[str, str]) -> dict[str, Any]:
    """Columns of what is named; annotations and labels replace those before, each by themselves."""
    changes: dict[str, Any] = reading.texts(body, "name", "description")
    if "tenant_id" in body:
        changes["tenant"] = reading.text(body, "tenant_id")
    annotations = {key: text for key, text in labels.items() if key.startswith(ANNOTATION)}
    others = {key: text for key, text in labels.items() if not key.startswith(ANNOTATION)}
    if "annotations" in meta:
        annotations = tags.labels_of_project((), reading.labels(meta, "annotations"))
    if "labels" in meta:
        others = tags.labels_of_project(reading.tags(meta, "labels"), {})
    if meta.keys() & {"annotations", "labels"}:
        changes["labels"] = parse_labels(others | annotations)
    return changes
