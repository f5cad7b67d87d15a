"""Views of lists that somebody saves under a name: kept, renamed, deleted."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain.people import saved_views
from ipam.filter_fields import StrictFilterSet
from ipam.filters import BY_KIND, ClaimFilters
from ipam.insight_filters import EventFilters
from ipam.models import SavedView
from webui import list_state
from webui.pages import render_page_or_part, run_for_form, signed_in, went_through

# What the URL of each list may say, beside its order and looks.
_FILTERS: dict[str, type[StrictFilterSet]] = {**BY_KIND, "claims": ClaimFilters, "activity": EventFilters}


class ViewForm(forms.Form):
    """The name of a view."""

    name = forms.CharField(max_length=SavedView.NAME_LENGTH)


class NewViewForm(ViewForm):
    """A view, with the query of its list."""

    query = forms.CharField(required=False, widget=forms.HiddenInput)


@login_required
def save(request: HttpRequest, page: str) -> HttpResponse:
    """Keep a list as it is shown, and show it so; what is wrong with it stands at the name."""
    form = NewViewForm(request.POST or None, initial={"query": request.GET.urlencode()})
    view = run_for_form(form, lambda: _save(request, page, form)) if form.is_valid() else None
    if view:
        messages.success(request, f"Saved “{view}”. Send its URL to whom you like: they see what they may see of it.")
        return redirect(_url(view))
    context = {"section": page, "form": form, "title": "Save view", "back": reverse(page)}
    return render_page_or_part(request, "edit.html", context)


@login_required
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a view another name."""
    view = saved_views.get(signed_in(request), pk)
    form = ViewForm(request.POST if request.method == "POST" else None, initial={"name": view.name})
    if went_through(form, lambda: saved_views.rename(view.owner, pk, name=form.cleaned_data["name"])):
        messages.success(request, f"Renamed “{view}” to “{form.cleaned_data['name']}”")
        return redirect(_url(view))
    context = {"section": view.page, "form": form, "title": f"Rename “{view}”", "back": _url(view)}
    return render_page_or_part(request, "edit.html", context)


@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask; then forget a view."""
    view = saved_views.get(signed_in(request), pk)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: saved_views.delete(view.owner, pk)):
        messages.success(request, f"Deleted the view “{view}”")
        return redirect(view.page)
    says = f"Its name goes from your list of {view.page}. What it shows stays as it is, and so does its URL."
    context = {"section": view.page, "form": form, "title": f"Delete “{view}”", "says": says, "back": _url(view)}
    return render_page_or_part(request, "confirm.html", context)


def _save(request: HttpRequest, page: str, form: NewViewForm) -> SavedView:
    """Store a view whose query says what its list knows, in words that it takes; Invalid for any other."""
    query = list_state.query_of(QueryDict(form.cleaned_data["query"]))
    filters = _FILTERS[page](QueryDict(query), queryset=SavedView.objects.none())
    filters.refuse_unknown(also=("sort", *list_state.LOOKS))
    filters.refuse_malformed()
    return saved_views.create(signed_in(request), page, name=form.cleaned_data["name"], query=query)


def _url(view: SavedView) -> str:
    return f"{reverse(view.page)}?{view.query}"
