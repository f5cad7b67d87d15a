"""Tokens for the API: of oneself, made, shown once, revoked."""

from collections.abc import Iterable
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from ipam.domain.people import tokens
from ipam.forms.fields import CidrsField
from ipam.forms.named import ManyNamedField, ProjectField
from ipam.models import ApiToken, Project
from ipam.models.base import NAME_LENGTH
from webui.pages import render_page_or_part, run_for_form, signed_in, went_through

_LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "for ever")]


class TokenForm(forms.Form):
    """A token for a service account: what will use it, and what it is limited to."""

    name = forms.CharField(max_length=NAME_LENGTH, help_text="What will use it, so that you know which one to revoke.")
    read_only = forms.BooleanField(required=False, label="It only reads")
    days = forms.ChoiceField(choices=_LIFETIMES, initial="90", required=False, label="Good for")
    networks = CidrsField(required=False, label="May come from", help_text="CIDRs of both families; empty: anywhere.")

    def issue(self, user: User) -> str:
        """The text of a new token of this user; the form tells what is wrong with it."""
        data = dict(self.cleaned_data)
        days = data.pop("days")
        return tokens.issue(user, expires_at=timezone.now() + timedelta(days=int(days)) if days else None, **data)


class OwnTokenForm(TokenForm):
    """A token of a person, who may bind it to some of their projects."""

    projects = ManyNamedField(
        ProjectField(), required=False, label="Only for", help_text="Projects, one on a line; none: all that you see."
    )
    field_order = ["name", "read_only", "days", "projects", "networks"]


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The tokens that there are; a new one is shown in the answer to making it, and never again."""
    form = OwnTokenForm(request.POST if request.method == "POST" else None)
    user = signed_in(request)
    made = run_for_form(form, lambda: form.issue(user)) if form.is_valid() else None
    context = {
        "section": "tokens",
        "form": OwnTokenForm() if made else form,
        "made": made,
        "tokens": ApiToken.objects.filter(user=user),
        "projects": project_names(ApiToken.objects.filter(user=user)),
    }
    return render_page_or_part(request, "tokens.html", context)


def project_names(of: Iterable[ApiToken]) -> dict[str, str]:
    """The names of the projects that these tokens are bound to, by id."""
    keys = {key for token in of for key in token.projects}
    return {str(one.pk): str(one) for one in Project.objects.filter(pk__in=keys)}


@login_required
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask; then make one useless at once."""
    user = signed_in(request)
    return ask_to_revoke(request, user, pk, section="tokens", back=reverse("tokens"))


def ask_to_revoke(request: HttpRequest, user: User, key: int, *, section: str, back: str) -> HttpResponse:
    """The page that asks before a token of this user is revoked for good, or its end."""
    token = get_object_or_404(ApiToken, user=user, pk=key)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: tokens.revoke(user, key)):
        messages.success(request, f"Revoked {token}.")
        return redirect(back)
    says = "Whatever uses this token stops working at once, and its text never works again. A new one has another text."
    context = {"section": section, "form": form, "title": f"Revoke {token}", "says": says, "back": back}
    return render_page_or_part(request, "confirm.html", context)
