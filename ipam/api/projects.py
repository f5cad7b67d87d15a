"""Projects and their members."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors, filters
from ipam.addressing import shorten
from ipam.api import fields, inputs, outputs, parameters
from ipam.api.resources import Body, Data, Editable
from ipam.api.series import PERIOD, ProjectHistory, WithHistory
from ipam.domain.networks import projects
from ipam.domain.people import members
from ipam.models import Project, RoleBinding


class ProjectViews(WithHistory, Editable[Project]):
    model, output, filterset_class = Project, outputs.Project, filters.ProjectFilters
    inputs = {"create": inputs.NewProject, "partial_update": inputs.ChangedProject, "add_member": inputs.Member}
    answers = {"members": outputs.Members, "add_member": outputs.Member, "history": ProjectHistory}
    parameters = {
        "remove_member": [OpenApiParameter("user", str, required=True, description="the user's name")],
        "history": PERIOD,
    }
    creating = {"create", "add_member"}
    ordering_fields = {"id": "pk", "name": "name", "tenant": "tenant", "created_at": "created_at"}

    def make(self, data: Data) -> Project:
        return projects.create(**data)

    def change(self, found: Project, data: Data) -> Project:
        return projects.update(found, **data)

    def discard(self, found: Project) -> None:
        projects.delete(found)

    @action(detail=True)
    def members(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        return Response(
            {"next": None, "previous": None, "results": outputs.Member(_members(self.found()), many=True).data}
        )

    @members.mapping.post
    def add_member(self, request: Request, pk: str) -> Response:
        data = self.parse(request)

        def grant() -> RoleBinding:
            project = self.found()
            return members.grant(members.find_user(data["user"]), data["role"], project=project)

        return self.run(grant, _render_member, status=201)

    @members.mapping.delete
    def remove_member(self, request: Request, pk: str) -> Response:
        self.is_dry_run()
        user = parameters.value(request, "user", fields.Text())
        return self.remove(lambda: members.withdraw(_member(self.found(), user)))


def _members(project: Project) -> QuerySet[RoleBinding]:
    return RoleBinding.objects.filter(project=project).select_related("user").order_by("user__username")


def _member(project: Project, username: str) -> RoleBinding:
    found = _members(project).filter(user__username=username).first()
    if found is None:
        raise errors.NotFound(f"“{shorten(username)}” is no member of the project.", field="user")
    return found


def _render_member(member: RoleBinding) -> Body:
    return dict(outputs.Member(member).data)
