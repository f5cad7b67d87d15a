"""The change history, of which the newest can be undone, and what to look at."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import insight_filters
from ipam.api import alert_shapes, following, inputs, insight_shapes, outputs, parameters, preconditions
from ipam.api.following import EventPagination
from ipam.api.resources import Body, Readable, Resource
from ipam.domain.core import timelines
from ipam.domain.insight import finding_marks, shown, survey
from ipam.domain.undo import undoing
from ipam.domain.undo.undoing import Undone
from ipam.models import Event, Finding


class EventViews(Readable[Event]):
    """The change history, newest first; or with `after` oldest first, to be followed."""

    model, output, filterset_class = Event, insight_shapes.Event, insight_filters.EventFilters
    inputs = {"undo": inputs.Nothing}
    answers = {"retrieve": insight_shapes.EventDetail, "undo": insight_shapes.Undone}
    ordering_fields = {"at": "at"}
    ordering = "-at"
    pagination_class = EventPagination

    @property
    def paging(self) -> set[str]:
        return following.paging(self.request)

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.all()

    def retrieve(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        event: Any = self.found()
        event.holders = timelines.holders(event)
        return Response(insight_shapes.EventDetail(event).data)

    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Do the inverse of an allocation, a release or a carving, for a short time; all of it, or nothing."""
        preconditions.refuse_tags(request)
        self.parse(request)
        return self.run(lambda: undoing.undo(pk), _render)


def _render(done: Undone) -> Body:
    body: Body = {"event": done.event.pk, "undone": done.undone.pk}
    if done.addresses:
        prefetch_related_objects(list(done.addresses), "prefix")
        body["ips"] = [outputs.Address.of(row) for row in done.addresses]
    return body


class FindingViews(Resource[Finding]):
    """What to look at, worst first: of this moment, or of a large installation as of its last survey."""

    model, output, filterset_class = Finding, insight_shapes.Finding, insight_filters.FindingFilters
    inputs = {
        "snooze": alert_shapes.SnoozedFinding,
        "accept": alert_shapes.AcceptedFinding,
        "reopen": alert_shapes.Key,
    }
    ordering_fields = {"severity": "severity"}

    def list(self, request: Request) -> Response:
        asked = insight_filters.FindingFilters(request.query_params, queryset=Finding.objects.none())
        asked.refuse_unknown(parameters.PAGING)
        asked.refuse_malformed()
        page = self.paginate_queryset(survey.wanted(asked.columns, marked=asked.marked)) or []
        rows = shown.judged_again(page)
        if asked.marked:
            finding_marks.add_marks(rows)
        return self.get_paginated_response([self.output.of(row) for row in rows])

    def render(self, one: Finding) -> Body:
        return self.show(one)

    @action(detail=False, methods=["post"])
    def snooze(self, request: Request) -> Response:
        """Leave it out of lists and alerts until then."""
        return self._mark(request, finding_marks.snooze)

    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Leave it out for good."""
        return self._mark(request, finding_marks.accept)

    @action(detail=False, methods=["post"])
    def reopen(self, request: Request) -> Response:
        """Show one again that was snoozed or accepted."""
        return self._mark(request, finding_marks.reopen)

    def _mark(self, request: Request, do: Callable[..., Sequence[Finding]]) -> Response:
        """Do it to the finding with the key that is asked for."""
        data = self.parse(request)
        key = data.pop("key")
        return self.write(lambda: do([key], **data)[0])
