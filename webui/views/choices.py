"""What pickers offer while one types."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from webui import choices
from webui.pages import asked


@login_required
def index(request: HttpRequest, kind: str) -> HttpResponse:
    """The things of a kind that what was typed finds."""
    found = choices.of_kind(kind, asked(request, "q")[:255], network=asked(request, "network"))
    return render(request, "components/choices.html", {"choices": found})
