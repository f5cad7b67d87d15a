"""What all pages of the admin do alike: few rows at a time, no counting of huge tables, writes by the domain only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters, ShowFacets
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.forms.models import ModelFormMetaclass
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from ipam.admin.actions import MAX_ROWS, LabelsForm, RenameForm, bulk
from ipam.admin.attempts import attempt, each, noting, refusals
from ipam.admin.forms import Data, GenerationField, NamesForm, RecordForm
from ipam.admin.lists import BoundedPaginator, EditedList, RowsFormSet
from ipam.domain.core import lookups
from ipam.domain.networks import bulk as many
from ipam.forms.described import LabelledForm
from ipam.models.base import Described

M = TypeVar("M", bound=Model)
D = TypeVar("D", bound=Described)


class IpamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list that stays fast at a million rows.

    `table` is the name under which its rows come in and go out as files, where they do.
    """

    table: ClassVar[str] = ""
    unlisted: ClassVar[tuple[str, ...]] = ()  # columns that a list does not show, so that it does not read them
    most_at_once: ClassVar[int] = MAX_ROWS
    list_per_page = 50
    list_max_show_all = 0
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by: ClassVar[tuple[str, ...]] = ()
    search_fields: ClassVar[tuple[str, ...]] = ("pk",)  # so that there is a box; `matching` of the QuerySet decides
    search_help_text = "An id, or a part of a name or description."

    @property
    def media(self) -> forms.Media:
        return super().media + AutocompleteSelect(self.opts.pk, self.admin_site).media

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        related = self.list_select_related
        found = super().get_queryset(request)
        return found.select_related(*related) if isinstance(related, Sequence) else found

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The list; a NUL in what narrows it means nothing, and databases take none."""
        if any("\0" in value for name, values in request.GET.lists() if name != SEARCH_VAR for value in values):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what is offered beside the list narrows it: other look-ups read whole tables, or break over values."""
        offered = {getattr(one, "parameter_name", getattr(one, "field", one)) for one in self.list_filter}
        if lookup.removesuffix("__exact").removesuffix("__isnull") not in offered:
            raise IncorrectLookupParameters(lookup)
        return True

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field) if lookups.is_id(self.model, object_id) else None

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Model], bool]:
        text = search_term.strip()
        if "\0" in text:
            return queryset.none(), False
        if text and hasattr(queryset, "matching"):
            return queryset.matching(text), False
        return super().get_search_results(request, queryset, text)


class ReadOnlyAdmin(IpamAdmin):
    """What the domain keeps by itself: it is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class DomainAdmin(IpamAdmin, Generic[M]):
    """Pages that write. A subclass says which operations its verbs are: `make`, `change` and `discard`."""

    add_form: ClassVar[type[forms.Form]] = LabelledForm
    change_form: ClassVar[type[forms.Form]] = LabelledForm
    actions: tuple[str, ...] = ("delete_selected",)

    def make(self, given: Data) -> M:
        """Make what the add form, by its fields, asks for."""
        raise NotImplementedError

    def change(self, obj: M, changes: Data) -> None:
        """Change just these fields."""
        raise NotImplementedError

    def discard(self, obj: M) -> None:
        """Remove it, or give it back."""
        raise NotImplementedError

    def discard_all(self, rows: Iterable[M]) -> None:
        """Discard each, in the order that all locks keep; every refusal is reported."""
        each(sorted(rows, key=lambda row: row.pk), self.discard)

    def from_inlines(self, formsets: Sequence[Any], change: bool) -> Mapping[str, object]:
        """Fields that stand in rows below the form."""
        return {}

    def hidden_fields(self, obj: M) -> Iterable[str]:
        """Fields of the change form that this object does not take."""
        return ()

    @bulk("Delete selected %(verbose_name_plural)s", permission="delete", says="These are removed, for good.")
    def delete_selected(self, rows: list[M]) -> None:
        self.discard_all(rows)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = super().changeform_view
        return attempt(request, lambda: view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sent = request.POST.getlist(ACTION_CHECKBOX_NAME) + self._get_edited_object_pks(request, "form")
        if not all(lookups.is_id(self.model, key) for key in sent):
            raise BadRequest("A row has an id that no row can have.")
        view = super().changelist_view
        return attempt(request, lambda: view(request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = super().delete_view
        return attempt(request, lambda: view(request, *args, **kwargs))

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form as it is declared, made one of a record."""
        base = self.add_form if obj is None else self.change_form
        more: dict[str, object] = {} if obj is None else {"generation": GenerationField()}
        more |= dict.fromkeys(self.hidden_fields(obj) if obj is not None else ())
        meta = type("Meta", (RecordForm.Meta,), {"model": self.model})
        about = {"refusals": refusals(request), "Meta": meta, **more}
        return ModelFormMetaclass(base.__name__, (base, RecordForm), about)

    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        if obj is not None and self.fields:
            return self.fields
        form = self.get_form(request, obj)
        ordered = dict.fromkeys([*(form.field_order or ()), *form.base_fields])
        return [*ordered, *self.get_readonly_fields(request, obj)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EditedList

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_formset(request, formset=RowsFormSet, **kwargs)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return ModelFormMetaclass("NamesForm", (NamesForm,), {"refusals": refusals(request)})

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return () if obj is None else super().get_readonly_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Nothing: `save_related` knows the rows below the form too, and one operation writes all of it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        with noting(request, form.prefix):
            self._write(form, formsets, change)

    def _write(self, form: Any, formsets: Sequence[Any], change: bool) -> None:
        if not change:
            made = self.make({**form.cleaned_data, **self.from_inlines(formsets, change)})
            form.instance.__dict__.update(made.__dict__)  # what the admin then logs and leads to
            return
        lookups.get_for_update(self.model, form.instance.pk, [form.cleaned_data["generation"]])
        changes = {**form.changes, **self.from_inlines(formsets, change)}
        if changes:
            self.change(form.instance, changes)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        with noting(request):
            self.discard(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> None:
        self.discard_all(list(queryset))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Just the object, and why it stays if it does; what the domain removes with it is nobody else's."""
        protected = [error.detail for found in refusals(request).values() for error in found]
        names = [f"{self.opts.verbose_name}: {obj}" for obj in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, set(), protected

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        return super().construct_change_message(request, form, [], add)

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Say what was done, unless it is about to be undone."""
        if not refusals(request):
            super().message_user(request, message, *args, **kwargs)


class DescribedAdmin(DomainAdmin[D]):
    """Of records with name, description and labels; the list edits the first two, actions all three of many."""

    list_editable = ("name", "description")
    list_display_links = ("opened",)
    actions: tuple[str, ...] = ("change_labels", "rename", "delete_selected")

    @admin.display(description="page")
    def opened(self, obj: D) -> str:
        """The way to its page, for its name stands in a field."""
        return format_html('Open<span class="visually-hidden"> {}</span>', str(obj))

    @admin.display(description="labels")
    def label_list(self, obj: D) -> str:
        """The labels in one line."""
        return ", ".join(f"{key}={value}" if value else key for key, value in obj.labels.items())

    @bulk("Change labels of selected %(verbose_name_plural)s", says="Labels are removed, then added.", form=LabelsForm)
    def change_labels(self, rows: list[D], *, add: Mapping[str, str], remove: Mapping[str, str]) -> None:
        many.label(rows, add=add, remove=remove)

    @bulk("Rename selected %(verbose_name_plural)s", says="Each gets a new name.", form=RenameForm)
    def rename(self, rows: list[D], *, name: str, before: str, after: str) -> None:
        many.rename(rows, name=name, before=before, after=after)
