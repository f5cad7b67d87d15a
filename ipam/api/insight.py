"""What can only be read: the change history, and what to look at."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import insight_filters
from ipam.api import insight_shapes, parameters
from ipam.api.resources import Readable, Resource
from ipam.domain.core import timelines
from ipam.domain.insight import survey
from ipam.models import Event, Finding


class EventViews(Readable[Event]):
    """The change history, newest first."""

    model, output, filterset_class = Event, insight_shapes.Event, insight_filters.EventFilters
    answers = {"retrieve": insight_shapes.EventDetail}
    ordering_fields = {"at": "at"}
    ordering = "-at"

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.all()

    def retrieve(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        event: Any = self.found()
        event.holders = timelines.holders(event)
        return Response(insight_shapes.EventDetail(event).data)


class FindingViews(Resource[Finding]):
    """What to look at, worst first: of this moment, or of a large installation as of its last survey."""

    model, output, filterset_class = Finding, insight_shapes.Finding, insight_filters.FindingFilters
    ordering_fields = {"severity": "severity"}

    def list(self, request: Request) -> Response:
        asked = insight_filters.FindingFilters(request.query_params, queryset=Finding.objects.none())
        asked.refuse_unknown(parameters.PAGING)
        asked.refuse_malformed()
        page = self.paginate_queryset(survey.wanted(asked.columns)) or []
        return self.get_paginated_response(self.output(page, many=True).data)
