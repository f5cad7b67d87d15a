from typing import Any

from django import forms
from django.contrib import admin

from ipam.admin.base import DescribedAdmin
from ipam.admin.forms import DescribedForm, NewDescribedForm
from ipam.domain.networks import projects
from ipam.models import Project
from ipam.models.base import NAME_LENGTH


class ProjectForm(DescribedForm):
    tenant = forms.CharField(max_length=NAME_LENGTH, required=False)
    field_order = ["name", "tenant"]


class NewProjectForm(NewDescribedForm):
    id = forms.UUIDField(required=False, help_text="Made if left empty; it never changes.")
    tenant = forms.CharField(max_length=NAME_LENGTH, required=False)
    field_order = ["name", "tenant"]


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
