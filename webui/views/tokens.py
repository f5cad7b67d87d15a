"""A user's own tokens for the API: made, shown once, revoked."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ipam.domain import tokens
from ipam.models import ApiToken
from webui.pages import show


class TokenForm(forms.Form):
    name = forms.CharField(max_length=255, help_text="What will use it, so that you know which one to revoke.")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The tokens that there are; a new one is shown in the answer to making it, and never again."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = tokens.issue(request.user, name=form.cleaned_data["name"]) if form.is_valid() else None
    context = {
        "section": "tokens",
        "form": TokenForm() if made else form,
        "made": made,
        "tokens": ApiToken.objects.filter(user=request.user),
    }
    answer = show(request, "tokens.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one useless at once."""
    tokens.revoke(request.user, pk)
    messages.success(request, "Revoked the token.")
    return redirect("tokens")
