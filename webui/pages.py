"""What views share: whole page or part of it, and trying an operation for a form."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from ipam import errors
from ipam.domain.core.operations import dry_run
from ipam.forms.refusals import tell
from ipam.measures import parse_moment

R = TypeVar("R")
Context = dict[str, Any]  # what a template is given


def signed_in(request: HttpRequest) -> User:
    """Whose request it is, on a page that demands a sign-in."""
    return cast(User, request.user)


def asked(request: HttpRequest, name: str) -> str:
    """A parameter of the URL as text; Invalid for what no database could hold."""
    text: str = request.GET.get(name, "").strip()
    if "\0" in text:
        raise errors.Invalid(f"“{name}” contains a NUL character. Take it out.", field=name)
    return text


def moment_of(request: HttpRequest) -> datetime | None:
    """The moment that is asked about, by `at`; Invalid for what is none."""
    try:
        return parse_moment(text) if (text := asked(request, "at")) else None
    except ValueError as error:
        raise errors.Invalid(str(error), field="at") from None


def asks_for_part(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the page."""
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # of its middleware


def render_page_or_part(request: HttpRequest, template: str, context: Context, *, part: str = "") -> HttpResponse:
    """The page, or just `part` of it when htmx asks: one view and one template for both."""
    name = f"{template}#{part}" if part and asks_for_part(request) else template
    return render(request, name, context)


def run_for_form(form: forms.Form, do: Callable[[], R]) -> R | None:
    """The result of an operation; None when it refuses, with every refusal standing at its field in the form."""
    try:
        return do()
    except errors.IpamError as refusal:
        tell(form, refusal.errors)
        return None


def went_through(form: forms.Form, do: Callable[[], object]) -> bool:
    """Whether the form was sent, is right, and its operation happened; else it has every reason why not."""
    if form.is_valid():
        run_for_form(form, do)
    return form.is_valid()


@dataclass(frozen=True)
class Performed(Generic[R]):
    """What an operation gave: `shown` also when it was only a preview, `kept` when it is done for good.

    Both are None when it was refused, or not tried.
    """

    shown: R | None = None
    kept: R | None = None


def run_or_preview(request: HttpRequest, form: forms.Form, do: Callable[[], R]) -> Performed[R]:
    """Run an operation for a form, or, when only a preview is wanted, try it and keep nothing."""
    if "preview" not in request.POST:
        given = run_for_form(form, do)
        return Performed(given, given)

    def tried() -> R:
        with dry_run():
            return do()

    return Performed(run_for_form(form, tried))


def render_form_or_preview(request: HttpRequest, template: str, context: Context) -> HttpResponse:
    """The page of a form with a preview, or just its preview when that is all that htmx asks for.

    With that comes what is wrong, for the fields where it stands on the page; fields that are merely empty yet are
    no fault of whoever still types.
    """
    form = context["form"]
    fields = form.visible_fields() if form and form.is_bound else []
    missing = [field for field in fields if form.has_error(field.name, code="required")]
    context |= {"missing": [field.label for field in missing]}
    if "preview" not in request.POST or not asks_for_part(request):
        return render(request, template, context)
    answer = render(request, f"{template}#preview", context)
    told = [field for field in fields if field not in missing]
    answer.write(render_to_string("components/refusals_live.html", {"form": form, "fields": told}))
    return answer
