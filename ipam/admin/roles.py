from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from ipam.admin.base import DomainAdmin, ReadOnlyAdmin
from ipam.admin.forms import Data, chooser
from ipam.domain.people import members
from ipam.models import RoleBinding, ServiceAccount
from ipam.models.roles import Role


class NewRoleForm(forms.Form):
    user = chooser(RoleBinding, "user")
    project = chooser(RoleBinding, "project", required=False, help_text="Empty: on the whole platform.")
    role = forms.ChoiceField(choices=Role.choices)


@admin.register(RoleBinding)
class RoleAdmin(DomainAdmin[RoleBinding]):
    """Given and withdrawn; to change a role, give another."""

    add_form = NewRoleForm
    list_display = ("id", "user", "role", "project", "source")
    list_select_related = ("user", "project")
    list_filter = ("role", "source")
    fields = readonly_fields = ("user", "project", "role", "source")
    search_fields = ("user__username", "project__name")
    search_help_text = "A part of a user's or project's name."

    def make(self, given: Data) -> RoleBinding:
        return members.grant(given["user"], given["role"], project=given["project"])

    def discard(self, obj: RoleBinding) -> None:
        members.withdraw(obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ServiceAccount)
class ServiceAccountAdmin(ReadOnlyAdmin):
    """Made on the page of their project's members."""

    list_display = ("id", "user", "project")
    list_select_related = ("user", "project")
    search_fields = ("user__username",)
    search_help_text = "A part of a name."
