"""What lists of the admin do otherwise than Django's: they count only so far, and keep to the rows that were edited."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator

MAX_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the first 10,000 rows: nobody leafs further, and counting a million takes longer than showing them."""

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

    @property
    def formset(self) -> Any:
        return self._formset

    @formset.setter
    def formset(self, formset: Any) -> None:
        self._formset = formset
        if formset is not None and formset.is_bound:
            self.result_list = [form.instance for form in formset.forms]


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
            rows = "1 row is" if self.gone == 1 else f"{self.gone:,} rows are"
            raise forms.ValidationError(f"{rows} gone by now. Nothing was changed; save again to change the others.")
