"""Actions on many rows: a page names the rows and asks, then all of it happens, or nothing and the page says why."""

import functools
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import model_format_dict
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from ipam import errors
from ipam.admin.attempts import collecting
from ipam.domain.core.operations import transacted
from ipam.forms.fields import LabelsField
from ipam.forms.refusals import tell
from ipam.models.base import NAME_LENGTH

MAX_ROWS = 1000  # of one action; settings.DATA_UPLOAD_MAX_NUMBER_FIELDS lets their keys through

Do = Callable[..., None]
Action = Callable[..., TemplateResponse | None]


def bulk(
    description: str, *, says: str, form: type[forms.Form] = forms.Form, permission: str = "change"
) -> Callable[[Do], Action]:
    """Make a method `(self, rows, **fields of the form)` an action that asks first; `says` tells what it will do."""

    def decorate(do: Do) -> Action:
        @admin.action(description=description, permissions=[permission])
        @functools.wraps(do)
        def action(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
            rows = list(queryset[: MAX_ROWS + 1])
            if len(rows) > MAX_ROWS:
                messages.error(request, f"Select at most {MAX_ROWS:,} rows at once. Nothing was changed.")
                return None
            gone = max(len(set(request.POST.getlist(ACTION_CHECKBOX_NAME))) - len(rows), 0)
            if not rows:
                messages.error(request, "None of the selected rows is in this list any more. Nothing was changed.")
                return None
            asked = form(request.POST if "confirmed" in request.POST else None)
            if asked.is_valid() and _done(self, request, do, rows, asked, permission):
                messages.success(request, f"{_title(description, self)}: {len(rows):,} done.")
                if gone:
                    messages.warning(request, f"Not in this list any more, of the selected rows: {gone:,}.")
                return None
            about = {"title": _title(description, self), "says": says, "gone": permission == "delete"}
            return _confirm(self, request, {"action": do.__name__, "rows": rows, "form": asked, **about})

        return action

    return decorate


def _done(model_admin: Any, request: HttpRequest, do: Do, rows: list[Any], asked: forms.Form, permission: str) -> bool:
    """Whether it has happened; if not, the form has every refusal."""
    refused: list[errors.IpamError] = []
    with collecting(refused):
        transacted(do)(model_admin, rows, **asked.cleaned_data)
    if refused:
        tell(asked, refused)
        return False
    flag = DELETION if permission == "delete" else CHANGE
    user: Any = request.user
    LogEntry.objects.log_actions(user.pk, rows, flag, do.__name__.replace("_", " "))
    return True


def _title(description: str, model_admin: Any) -> str:
    return description % model_format_dict(model_admin.opts)


def _confirm(model_admin: Any, request: HttpRequest, asked: dict[str, Any]) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "media": model_admin.media,
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
        **asked,
    }
    return TemplateResponse(request, "admin/ipam/confirm.html", context)


class _SomeForm(forms.Form):
    """Asks for something, or the action would be done without doing anything."""

    def clean(self) -> None:
        if not self.errors and not any(self.cleaned_data.values()):
            raise forms.ValidationError("Fill in at least one of the fields.")


class LabelsForm(_SomeForm):
    remove = LabelsField(required=False, help_text="One per line: key, or key=value to remove it only where it is so.")
    add = LabelsField(required=False, help_text="One per line: key or key=value.")


class RenameForm(_SomeForm):
    """A new name, or additions to the one that there is."""

    name = forms.CharField(max_length=NAME_LENGTH, required=False, help_text="Empty: each keeps its own.")
    before = forms.CharField(max_length=NAME_LENGTH, required=False, strip=False, label="In front")
    after = forms.CharField(max_length=NAME_LENGTH, required=False, strip=False, label="Behind")
