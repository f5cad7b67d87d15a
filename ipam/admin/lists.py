"""What lists of the admin do otherwise than Django's: they count only so far, and keep to the rows that were edited."""

from collections.abc import Iterable
from functools import cached_property
from html import escape
from typing import Any

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from ipam.wording import count_of

MAX_COUNTED = 10_000
_OF_RECORDS = ("created_at", "updated_at")
_OF_OTHERS = (*_OF_RECORDS, "generation", "description", "labels")


def unlisted(*columns: str, beside: Iterable[str]) -> tuple[str, ...]:
    """These columns, those of any record, and those of the records beside it of which a list shows the name alone."""
    return (*columns, *_OF_RECORDS, *(f"{other}__{column}" for other in beside for column in _OF_OTHERS))


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the first 10,000 rows: nobody pages further, and counting a million takes longer than showing them."""

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MAX_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._counted, MAX_COUNTED)

    @property
    def has_more(self) -> bool:
        """Whether there are rows that no page shows."""
        return self._counted > MAX_COUNTED


class EditedList(ChangeList):
    """A list that comes back because something was refused shows the rows that were edited.

    By now the same page may begin with others, and then each row would stand beside the fields of another one.
    """

    _formset: Any = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        admin: Any = self.model_admin
        return super().get_queryset(request, exclude_parameters).defer(*admin.unlisted)

    @property
    def formset(self) -> Any:
        return self._formset

    @formset.setter
    def formset(self, formset: Any) -> None:
        self._formset = formset
        if formset is not None and formset.is_bound:
            self.result_list = [form.instance for form in formset.forms]


class RowField(forms.BoundField):
    """A field of a row. A list has hundreds: until it is sent it is written here, a widget takes five times as long."""

    def __str__(self) -> SafeString:
        widget: Any = self.field.widget
        if self.form.is_bound or type(widget) not in (forms.TextInput, forms.HiddenInput):
            return super().__str__()
        name, given = self.html_name, self.value()
        value = "" if given in (None, "") else f' value="{escape(str(given))}"'
        more = "".join(f' {attr}="{escape(str(said))}"' for attr, said in widget.attrs.items())
        key = "" if widget.is_hidden else f' id="id_{name}"'
        written = f'<input type="{widget.input_type}" name="{name}"{value}{more}{key}>'
        if self.field.show_hidden_initial:
            written += f'<input type="hidden" name="{self.html_initial_name}"{value}>'
        return SafeString(written)


class RowsFormSet(forms.BaseModelFormSet):  # type: ignore[type-arg]
    """The rows of a list that are edited there. Nothing is saved if some are gone meanwhile, but that is said once."""

    gone = 0

    @cached_property
    def forms(self) -> list[Any]:
        """Those that there are; saved again, the others are no hindrance."""
        sent = super().forms
        self.gone = sum(form.instance._state.adding and form["id"].data is not None for form in sent)
        return [form for form in sent if not form.instance._state.adding]

    def clean(self) -> None:
        if self.gone:
            rows = count_of(self.gone, "row is", "rows are")
            raise forms.ValidationError(f"{rows} gone by now. Nothing was changed; save again to change the others.")
