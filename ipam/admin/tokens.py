from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from ipam.admin.base import DomainAdmin
from ipam.domain.people import tokens
from ipam.models import ApiToken


@admin.register(ApiToken)
class TokenAdmin(DomainAdmin[ApiToken]):
    """Listed and revoked. They are made by their users, who alone see them; nobody sees a digest."""

    list_display = ("id", "name", "user", "is_read_only", "expires_at", "last_used_at", "created_at")
    list_select_related = ("user",)
    fields = readonly_fields = (
        "name", "user", "is_read_only", "projects", "networks", "expires_at", "last_used_at", "created_at"
    )  # fmt: skip
    search_fields = ("name", "user__username")
    search_help_text = "A part of a name, or of a user's."

    def discard(self, obj: ApiToken) -> None:
        tokens.revoke(obj.user, obj.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)
