from django.contrib import admin

from ipam.admin.base import DescribedAdmin
from ipam.admin.filters import ManagerFilter
from ipam.admin.forms import Data
from ipam.domain.networks import projects
from ipam.forms.described import NewProjectForm, ProjectForm
from ipam.models import Project


@admin.register(Project)
class ProjectAdmin(DescribedAdmin[Project]):
    table = "projects"
    add_form = NewProjectForm
    change_form = ProjectForm
    list_display = ("opened", "name", "description", "tenant", "label_list", "id")
    readonly_fields = ("id", "managed_by", "created_at", "updated_at")
    list_filter = (ManagerFilter,)
    sortable_by = ("name", "tenant")

    def make(self, given: Data) -> Project:
        return projects.create(**given)

    def change(self, obj: Project, changes: Data) -> None:
        projects.update(obj, **changes)

    def discard(self, obj: Project) -> None:
        projects.delete(obj)
