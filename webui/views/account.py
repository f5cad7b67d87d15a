"""Oneself: signing in, who one is here, one's password, and the end of all sessions."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy

from ipam.domain.people import accounts
from ipam.models import RoleBinding
from webui.pages import asks_for_part, render_page_or_part, signed_in, went_through


class SignIn(LoginView):
    """By a password, at the identity provider, or by either, as the settings say."""

    template_name = "login.html"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """No part of a page is a place to sign in: where the session has ended, the script is told and says it."""
        return HttpResponse(status=401) if asks_for_part(request) else super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        provider = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        return super().get_context_data(provider=provider, local=settings.LOCAL_PASSWORDS, **kwargs)


def _has_password(user: User) -> bool:
    return settings.LOCAL_PASSWORDS and user.has_usable_password()


def _right(password: str, user: User, request: HttpRequest) -> str:
    """The password if it is the user's; asked the way a sign-in is, so that guessing locks here too."""
    if authenticate(request, username=user.get_username(), password=password) != user:
        raise forms.ValidationError("This is not your password.")
    return password


class NewPasswordForm(PasswordChangeForm):
    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["new_password1"].help_text = self.fields["new_password2"].help_text = ""  # the page says it beside

    def clean_old_password(self) -> str:
        return _right(self.cleaned_data["old_password"], self.user, self.request)


class SignOutForm(forms.Form):
    """The end of all sessions but this one; who has a password gives it."""

    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), label="Your password"
    )
    revoke_tokens = forms.BooleanField(
        required=False, label="Revoke my tokens too", help_text="Tools that work in your name stop at once."
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        if not _has_password(signed_in(request)):
            del self.fields["password"]

    def clean_password(self) -> str:
        return _right(self.cleaned_data["password"], signed_in(self.request), self.request)


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Who one is here, and which roles one has."""
    of_platform_first = F("project__name").asc(nulls_first=True)
    context = {
        "section": "account",
        "has_password": _has_password(signed_in(request)),
        "roles": RoleBinding.objects.filter(user=signed_in(request))
        .select_related("project")
        .order_by(of_platform_first, "project"),
    }
    return render_page_or_part(request, "account/index.html", context)


class ChangePassword(SuccessMessageMixin, PasswordChangeView):  # type: ignore[type-arg]
    """Django's page in our clothes; other sessions end, this one stays."""

    template_name = "account/password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("account")
    success_message = "Changed your password. All other sessions have ended."

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        has_password = _has_password(signed_in(self.request))
        rules = password_validators_help_texts()
        return super().get_context_data(section="account", has_password=has_password, rules=rules, **kwargs)

    def get_form_kwargs(self) -> dict[str, object]:
        return {**super().get_form_kwargs(), "request": self.request}


@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session but this one."""
    user = signed_in(request)
    form = SignOutForm(request.POST if request.method == "POST" else None, request=request)
    if went_through(form, lambda: accounts.sign_out(user, **{"password": None, **form.cleaned_data})):
        update_session_auth_hash(request, user)
        messages.success(request, "Signed you out everywhere else.")
        return redirect("account")
    return render_page_or_part(request, "account/sign_out.html", {"section": "account", "form": form})
