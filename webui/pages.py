"""What views share: whole page or part of it, and trying an operation for a form."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ipam import errors
from ipam.domain.core.operations import rehearsal

R = TypeVar("R")


def asked(request: HttpRequest, name: str) -> str:
    """A parameter of the URL as text; Invalid for what no database could hold."""
    text: str = request.GET.get(name, "").strip()
    if "\0" in text:
        raise errors.Invalid(f"“{name}” contains a NUL character. Take it out.", field=name)
    return text


def show(request: HttpRequest, template: str, context: dict[str, Any], *, part: str = "") -> HttpResponse:
    """The page, or just `part` of it when htmx asks: one view and one template for both."""
    name = f"{template}#{part}" if part and request.htmx and not request.htmx.boosted else template
    return render(request, name, context)


def attempt(form: forms.Form, do: Callable[[], R]) -> R | None:
    """The result of an operation; None when it refuses, with every refusal standing at its field in the form."""
    try:
        return do()
    except errors.IpamError as refusal:
        for error in refusal.errors[: errors.MOST_TOLD]:
            form.add_error(error.field if error.field in form.fields else None, error.detail)
        if (more := len(refusal.errors) - errors.MOST_TOLD) > 0:
            form.add_error(None, f"And {more:,} more problems.")
        return None


def perform(request: HttpRequest, form: forms.Form, do: Callable[[], R]) -> tuple[R | None, bool]:
    """Run an operation for a form, or, when only a preview is wanted, rehearse it and keep nothing.

    Returns what it gave (None when it refused) and whether it is done for good.
    """
    if "preview" not in request.POST:
        given = attempt(form, do)
        return given, given is not None

    def rehearsed() -> R:
        with rehearsal():
            return do()

    return attempt(form, rehearsed), False


def show_form(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page of a form with a preview, or just its preview when that is all that htmx asks for."""
    return show(request, template, context, part="preview" if "preview" in request.POST else "")
