"""Who may do what in a project: its people, its service accounts, and their tokens."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import MAY, Permission
from ipam.domain.people import members
from ipam.models import Project, RoleBinding, ServiceAccount
from ipam.models.roles import PROJECT_ROLES, Role
from webui.pages import render_page_or_part, run_for_form, went_through
from webui.templatetags.events import called
from webui.views.tokens import TokenForm, ask_to_revoke

_PERMISSIONS = {
    Permission.READ: "sees the project",
    Permission.ALLOCATE: "allocates, carves and releases",
    Permission.MANAGE: "manages members",
}
_ROLES = [
    (role.value, f"{role.label}: {', '.join(text for one, text in _PERMISSIONS.items() if role in MAY[one])}")
    for role in PROJECT_ROLES
]


class MemberForm(forms.Form):
    """A user and their role, which replaces the one that they have."""

    user = forms.CharField(max_length=150, label="User name")
    role = forms.ChoiceField(choices=_ROLES, initial=Role.VIEWER, widget=forms.RadioSelect)


class ServiceAccountForm(forms.Form):
    """A service account of the project."""

    name = forms.CharField(max_length=100, label="Name", help_text="Such as “terraform”. It works by tokens only.")
    role = forms.ChoiceField(choices=_ROLES, initial=Role.EDITOR, widget=forms.RadioSelect)


@login_required
def index(request: HttpRequest, pk: str) -> HttpResponse:
    """People and service accounts of a project; those who manage it give and withdraw roles here."""
    project = lookups.get(Project, pk)
    form = MemberForm(request.POST if "user" in request.POST else None)
    account_form = ServiceAccountForm(request.POST if "name" in request.POST else None)
    if went_through(form, lambda: _grant(project, **form.cleaned_data)):
        messages.success(request, f"{form.cleaned_data['user']} is {form.cleaned_data['role']} now")
        return redirect("members", pk=project.pk)
    if account_form.is_valid() and (
        made := run_for_form(account_form, lambda: members.create_service_account(project, **account_form.cleaned_data))
    ):
        return redirect("service-account", pk=project.pk, user=made.user_id)
    held = (
        RoleBinding.objects.filter(project=project).select_related("user__service_account").order_by("user__username")
    )
    context = {
        "section": "projects",
        "project": project,
        "people": [one for one in held if not hasattr(one.user, "service_account")],
        "accounts": [one for one in held if hasattr(one.user, "service_account")],
        "form": form,
        "account_form": account_form,
    }
    return render_page_or_part(request, "projects/members.html", context)


def _grant(project: Project, user: str, role: str) -> RoleBinding:
    return members.grant(members.find_user(user), role, project=project)


@login_required
def withdraw(request: HttpRequest, pk: str, user: int) -> HttpResponse:
    """Ask, naming what is lost; then take a role from a member."""
    project = lookups.get(Project, pk)
    access.require(Permission.MANAGE, project.pk)
    held = RoleBinding.objects.select_related("user__service_account")
    binding = get_object_or_404(held, project=project, user=user)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: members.withdraw(binding)):
        messages.success(request, f"{called(binding.user)} is no member any more")
        return redirect("members", pk=pk)
    if hasattr(binding.user, "service_account"):
        says = "The service account is deleted with all of its tokens. What works by them stops working at once."
    else:
        says = f"The role of {binding.get_role_display()} in {project} is taken at once."
    context = {"section": "projects", "form": form, "title": f"Remove {called(binding.user)}", "says": says}
    return render_page_or_part(request, "confirm.html", {**context, "back": reverse("members", args=[pk])})


@login_required
def service_account(request: HttpRequest, pk: str, user: int) -> HttpResponse:
    """The tokens of a service account, for those who manage its project; a new one is shown this once."""
    project = lookups.get(Project, pk)
    access.require(Permission.MANAGE, project.pk)
    account = get_object_or_404(ServiceAccount.objects.select_related("user"), project=project, user=user)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = run_for_form(form, lambda: form.issue(account.user)) if form.is_valid() else None
    context = {
        "section": "projects",
        "project": project,
        "account": account,
        "form": TokenForm() if made else form,
        "made": made,
        "tokens": account.user.api_tokens.all(),
    }
    return render_page_or_part(request, "projects/service_account.html", context)


@login_required
def revoke(request: HttpRequest, pk: str, user: int, token: int) -> HttpResponse:
    """Ask; then make such a token useless at once."""
    project = lookups.get(Project, pk)
    access.require(Permission.MANAGE, project.pk)
    account = get_object_or_404(ServiceAccount.objects.select_related("user"), project=project, user=user)
    return ask_to_revoke(
        request, account.user, token, section="projects", back=reverse("service-account", args=[pk, user])
    )
