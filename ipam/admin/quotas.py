from django.contrib import admin

from ipam.admin.base import DomainAdmin
from ipam.admin.filters import FamilyFilter, chosen
from ipam.admin.forms import Data, chooser
from ipam.domain.networks import quota_limits
from ipam.forms.quotas import LimitForm, QuotaForm
from ipam.models import Quota


class NewQuotaForm(QuotaForm):
    project = chooser(Quota, "project")
    network = chooser(
        Quota,
        "network",
        required=False,
        help_text="Empty: all networks. Of addresses the one that they are in, else the one that children come from.",
    )


@admin.register(Quota)
class QuotaAdmin(DomainAdmin[Quota]):
    table = "quotas"
    add_form = NewQuotaForm
    change_form = LimitForm
    list_display = ("name", "project", "network", "limit", "used")
    list_filter = (FamilyFilter, "resource", chosen(Quota, "project"), chosen(Quota, "network"))
    list_select_related = ("project", "network")
    readonly_fields = ("project", "network", "family", "resource", "used", "created_at", "updated_at")
    search_fields = ("project__name",)
    search_help_text = "A part of a project's name."

    def make(self, given: Data) -> Quota:
        return quota_limits.create(**given)

    def change(self, obj: Quota, changes: Data) -> None:
        quota_limits.update(obj, **changes)

    def discard(self, obj: Quota) -> None:
        quota_limits.delete(obj)
