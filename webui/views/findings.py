"""What an operator should look at, each with the place that mends it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import paging
from ipam.domain.insight import finding_marks, mending, survey
from ipam.domain.insight.shown import judged_again, names_of
from ipam.domain.networks.completion import MAX_PER_BATCH
from ipam.forms.alerts import ReasonForm, SnoozeForm
from ipam.insight_filters import FindingFilters
from ipam.models import Finding
from ipam.values import is_number
from webui import choices, finding_rows, work
from webui.pages import Context, asked, asks_for_part, render_page_or_part, went_through
from webui.views.families import BATCH

_SHOWN_HALVES = 50
_MOST = 10**9  # allocations that a progress bar counts


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """The findings, worst first, a page at a time; a severity, a kind, a network and a project narrow them."""
    is_marked, chosen, code = asked(request, "snoozed") == "true", asked(request, "severity"), asked(request, "code")
    of = {name: asked(request, name) for name in ("network", "project")}
    _check(chosen, code)
    filters = FindingFilters(request.GET, queryset=Finding.objects.none())
    filters.refuse_malformed()
    found = survey.current_findings(filters.columns, marked=is_marked)
    at: Any = {"limit": paging.DEFAULT_LIMIT, "cursor": request.GET.get("cursor", "")}
    every = found.findings
    page = paging.page_of_list(every, **at) if isinstance(every, list) else paging.page(every, field="severity", **at)
    shown = judged_again(page.rows)
    if is_marked:
        finding_marks.add_marks(shown)
    context = {
        "section": "findings",
        "findings": (rows := finding_rows.of_findings(shown)),
        "page": page,
        "severities": [(one.label, _count(found.numbers, one)) for one in Finding.Severity],
        "kinds": work.counted(found.numbers),
        "code": code,
        "chosen": chosen,
        "as_of": found.as_of,
        "is_marked": is_marked,
        "asked": choices.shown(of),
        "is_narrowed": bool(chosen or code or any(of.values())),
        "kept": [(name, value) for name in ("code", "severity", "snoozed") if (value := asked(request, name))],
        "verbs": _verbs(is_marked) if any(row.may_mark for row in rows) else (),
    }
    return render_page_or_part(request, "findings.html", context, part="table")


def _verbs(is_marked: bool) -> tuple[str, ...]:
    return ("reopen",) if is_marked else ("snooze", "accept")


def _check(severity: str, code: str) -> None:
    """Invalid for a severity and a kind that there are not."""
    severities = [one.label for one in Finding.Severity]
    if severity and severity not in severities:
        raise errors.Invalid(f"A severity is one of {', '.join(severities)}.", field="severity")
    if code and code not in work.KINDS:
        raise errors.Invalid(f"There is no finding “{shorten(code)}”. Known: {', '.join(work.KINDS)}.", field="code")


def _count(numbers: survey.Numbers, wanted: int) -> int:
    return sum(number for (_, severity), number in numbers.items() if severity == wanted)


MARKS: dict[str, tuple[type[forms.Form], Callable[..., list[Finding]], str, str]] = {
    "snooze": (SnoozeForm, finding_marks.snooze, "Snoozed", "Left out of lists and alerts until then."),
    "accept": (ReasonForm, finding_marks.accept, "Accepted", "Left out of lists and alerts for good."),
    "reopen": (forms.Form, finding_marks.reopen, "Shown again", "Shown in lists again, and told by alerts."),
}


@login_required
def mark(request: HttpRequest, verb: str) -> HttpResponse:
    """Ask why, and perhaps until when; then findings are left out, or shown again: one, or all that were ticked."""
    form_of, do, done, outcome = MARKS[verb]
    keys, back = _chosen(request), _list_before(request)
    if not keys:
        messages.error(request, "Nothing was selected. Tick the rows that you mean.")
        return redirect(back)
    found = finding_marks.find(keys)
    names = names_of(found)
    about = names[0] if len(names) == 1 else f"{len(names)} findings"
    is_answer = request.method == "POST" and "ask" not in request.POST
    form = form_of(request.POST if is_answer else None, initial={"until": timezone.now() + timedelta(days=7)})
    if went_through(form, lambda: do(keys, **form.cleaned_data)):
        messages.success(request, f"{done}: {about}")
        return redirect(back)
    context: Context = {"section": "findings", "form": form, "verb": verb, "about": about, "outcome": outcome}
    context |= {"found": list(zip(names, found, strict=True)), "keys": keys, "back": back}
    return render_page_or_part(request, "findings_mark.html", context)


def _chosen(request: HttpRequest) -> list[str]:
    """The keys that were ticked, or the one that a link names; Invalid for what is none."""
    keys = request.POST.getlist("key") or list(filter(None, [asked(request, "key")]))
    if any("\0" in key for key in keys):
        raise errors.Invalid("The selection is not valid. Go back and select again.")
    return list(dict.fromkeys(keys))


def _list_before(request: HttpRequest) -> str:
    """The list that one comes from, as it was narrowed."""
    every, before = reverse("findings"), request.POST.get("back") or asked(request, "back")
    return before if before.startswith(f"{every}?") else every


@login_required
def complete_all(request: HttpRequest) -> HttpResponse:
    """Complete the halves of pairs in all networks, a batch per request: stop and go on at any time."""
    is_part = asks_for_part(request)
    batch, after = BATCH if is_part else MAX_PER_BATCH, request.POST.get("after", "")
    done = mending.complete(limit=batch, after=after) if request.method == "POST" else None
    left = done.left if done else mending.halves()
    lacking = sum(one.count for one in left)
    begun = request.POST.get("of", "")
    total = max(lacking, min(int(begun), _MOST)) if is_number(begun) else lacking
    context = {
        "section": "findings",
        "left": left[:_SHOWN_HALVES],
        "networks": len({one.network.pk for one in left}),
        "lacking": lacking,
        "total": total,
        "having": total - lacking,
        "done": done,
        "runs": is_part and done is not None and done.after is not None,
        "batch": MAX_PER_BATCH,
    }
    return render_page_or_part(request, "findings_complete.html", context, part="progress")
