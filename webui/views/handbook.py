"""The handbook: the project's own documents, served by the product."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from webui import handbook


@login_required
def chapter(request: HttpRequest, name: str = "words") -> HttpResponse:
    """One document."""
    known = handbook.chapters()
    if name not in known:
        raise Http404(f"The handbook has no chapter “{name}”. It has {', '.join(known)}.")
    context = {"section": "handbook", "chapters": known, "name": name, "text": handbook.page(name)}
    return render(request, "handbook.html", context)
