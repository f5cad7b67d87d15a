"""The rows of a list of the admin. It has six hundred cells, and Django's own tag takes five times as long for each."""

from collections.abc import Callable, Iterator
from html import escape
from itertools import repeat
from typing import Any
from uuid import UUID

from django import template
from django.contrib.admin.templatetags import admin_list
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, display_for_value, quote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, DateField, ForeignKey, UUIDField
from django.forms import BoundField
from django.utils.safestring import SafeString

from ipam.links import link

register = template.Library()

Cell = Callable[[Any, Any], str]  # what is written of an object and the form of its row, if it has one
Text = Callable[[Any], object]  # what is said of an object, not escaped yet


@register.inclusion_tag("admin/change_list_results.html")
def rows(cl: ChangeList) -> dict[str, object]:
    """Headers and rows as `{% result_list cl %}` has them."""
    headers = list(admin_list.result_headers(cl))
    return {
        "cl": cl,
        "result_hidden_fields": list(admin_list.result_hidden_fields(cl)),
        "result_headers": headers,
        "num_sorted_fields": sum(bool(header["sortable"] and header["sorted"]) for header in headers),
        "results": list(_rows(cl)),
    }


def _rows(cl: Any) -> Iterator[admin_list.ResultList]:
    cells = [_cell(cl, name) for name in cl.list_display]
    for row, form in zip(cl.result_list, cl.formset.forms if cl.formset else repeat(None)):  # noqa: B905  endless
        written = [SafeString(cell(row, form)) for cell in cells]
        told = form is not None and form.is_bound  # what is wrong with a row is as wide as it has cells
        yield admin_list.ResultList(form, written if told else [SafeString("".join(written))])


def _cell(cl: Any, name: str) -> Cell:
    if name == "action_checkbox":
        return _checkbox
    if cl.formset and name in cl.list_editable:
        return lambda row, form: f'<td class="field-{name}">{_errors(form[name])}{form[name]}</td>'
    text, is_nowrap = _text(cl, name)
    attribute = f'class="field-{name}{" nowrap" * is_nowrap}"'
    if name in (cl.list_display_links or ()):
        return _link(cl, text, attribute)
    return lambda row, form: f"<td {attribute}>{_escaped(text(row))}</td>"


def _errors(field: BoundField) -> object:
    """What is wrong with it; nothing is until it was sent."""
    return field.errors if field.form.is_bound else ""


def _checkbox(row: Any, form: object) -> str:
    return (
        f'<td class="action-checkbox"><input type="checkbox" name="_selected_action" value="{escape(str(row.pk))}"'
        f' class="action-select" aria-label="Select this object for an action - {escape(str(row))}"></td>'
    )


def _link(cl: Any, text: Text, attribute: str) -> Cell:
    """The head of a row, which leads to the page of the object, and from there back to what the list is narrowed by."""
    page = f"admin:{cl.opts.app_label}_{cl.opts.model_name}_change"
    around = {"preserved_filters": cl.preserved_filters, "opts": cl.opts}
    query = "".join(add_preserved_filters(around, link(page, "0")).partition("?")[1:])

    def cell(row: Any, form: object) -> str:
        key = getattr(row, cl.pk_attname)
        opener = f' data-popup-opener="{escape(str(key))}"' if cl.is_popup else ""
        href = escape(link(page, quote(key)) + query)
        return f'<th {attribute}><a href="{href}"{opener}>{_escaped(text(row))}</a></th>'

    return cell


def _text(cl: Any, name: str) -> tuple[Text, bool]:
    """What a column says, and whether that is short enough for one line."""
    nothing = cl.model_admin.get_empty_value_display()
    try:
        field = cl.lookup_opts.get_field(name)
    except FieldDoesNotExist:
        field = None
    if field is None or field.name != name:  # the column of a foreign key is shown as it is
        return _value(cl.model_admin, name, nothing), False
    if isinstance(field, ForeignKey):
        page = _page_of_related(cl, field)
        return lambda row: nothing if (other := getattr(row, name)) is None else page(other), True
    if field.primary_key and isinstance(field, UUIDField | CharField):
        return lambda row: _short(getattr(row, name)), False
    if field.flatchoices:
        words = dict(field.flatchoices)
        return lambda row: words.get(getattr(row, name), nothing), False
    return lambda row: display_for_field(getattr(row, name), field, nothing), isinstance(field, DateField)


def _page_of_related(cl: Any, field: Any) -> Text:
    """What another object is called, leading to its page; in a window where one chooses, its name alone."""
    related = field.related_model
    if cl.is_popup or related not in cl.model_admin.admin_site._registry:
        return str
    page = f"admin:{related._meta.app_label}_{related._meta.model_name}_change"
    return lambda other: SafeString(f'<a href="{escape(link(page, quote(other.pk)))}">{_short(other)}</a>')


def _short(said: object) -> SafeString:
    """What it is called; of an id that nobody chose as much as tells it from others, all of it on hover."""
    text = str(said)
    try:
        UUID(text)
    except ValueError:
        return SafeString(escape(text))
    return SafeString(f'<span title="{text}">{text[:8]}…</span>')


def _value(model_admin: Any, name: str, nothing: str) -> Text:
    """What a method of the admin, or an attribute that is no field, says."""
    if method := getattr(model_admin, name, None):
        return lambda row: display_for_value(method(row), nothing)
    return lambda row: display_for_value(value() if callable(value := getattr(row, name)) else value, nothing)


def _escaped(said: object) -> str:
    return said if isinstance(said, SafeString) else escape(str(said))
