"""What views share: whole page or part of it, and trying an operation for a form."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ipam import errors
from ipam.domain.operations import rehearsal

R = TypeVar("R")


def show(request: HttpRequest, template: str, context: dict[str, Any], *, part: str = "") -> HttpResponse:
    """The page, or just `part` of it when htmx asks: one view and one template for both."""
    name = f"{template}#{part}" if part and request.htmx and not request.htmx.boosted else template
    return render(request, name, context)


def attempt(form: forms.Form, do: Callable[[], R]) -> R | None:
    """The result of an operation; None when it refuses, with every refusal standing at its field in the form."""
    try:
        return do()
    except errors.IpamError as refusal:
        for error in refusal.errors:
            form.add_error(error.field if error.field in form.fields else None, error.detail)
        return None


def preview(form: forms.Form, do: Callable[[], R]) -> R | None:
    """What the operation would give, by doing it and keeping nothing."""

    def rehearsed() -> R:
        with rehearsal():
            return do()

    return attempt(form, rehearsed)


def wants_preview(request: HttpRequest) -> bool:
    """Whether this POST only asks what would happen."""
    return "preview" in request.POST
