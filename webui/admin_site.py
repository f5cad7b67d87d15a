"""The admin is for those who see everything; they sign in where everybody does."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from ipam.domain.core import access


class RoleAdminSite(AdminSite):
    """What may be done on its pages says `webui.backends`."""

    def has_permission(self, request: HttpRequest) -> bool:
        return access.current().sees_everything

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """One page for signing in, and so one place that throttles; whoever is signed in is not sent round."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", ""))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponseRedirect:
        """One page for this too."""
        return redirect("change-password")
