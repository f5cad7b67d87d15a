from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from ipam.admin.base import DomainAdmin
from ipam.admin.forms import Data, chooser
from ipam.domain.people import accounts
from ipam.models import Identity


class NewIdentityForm(forms.Form):
    user = chooser(Identity, "user")
    issuer = forms.CharField(max_length=255, help_text="The provider's OIDC_ISSUER, to the letter.")
    subject = forms.CharField(max_length=255, help_text="The provider's “sub” of the account, to the letter.")


@admin.register(Identity)
class IdentityAdmin(DomainAdmin[Identity]):
    """Linked and unlinked; most come by themselves when somebody first signs in at the provider."""

    add_form = NewIdentityForm
    list_display = ("id", "user", "issuer", "subject")
    list_select_related = ("user",)
    fields = readonly_fields = ("user", "issuer", "subject")
    search_fields = ("subject__exact", "user__username")
    search_help_text = "A subject, or a part of a user's name."

    def make(self, given: Data) -> Identity:
        return accounts.link(given["user"], issuer=given["issuer"], subject=given["subject"])

    def discard(self, obj: Identity) -> None:
        accounts.unlink(obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
