from typing import Any

from django.contrib import admin

from ipam.admin.base import DescribedAdmin
from ipam.domain.networks import projects
from ipam.forms.described import NewProjectForm, ProjectForm
from ipam.models import Project


@admin.register(Project)
class ProjectAdmin(DescribedAdmin):
    table = "projects"
    add_form = NewProjectForm
    change_form = ProjectForm
    list_display = ("id", "name", "tenant", "description", "label_list")
    readonly_fields = ("id", "created_at", "updated_at")
    sortable_by = ("name", "tenant")

    def make(self, given: dict[str, Any]) -> Project:
        return projects.create(**given)

    def change(self, obj: Project, changes: dict[str, Any]) -> None:
        projects.update(obj, **changes)

    def discard(self, obj: Project) -> None:
        projects.delete(obj)
