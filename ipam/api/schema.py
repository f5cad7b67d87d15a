"""How views tell OpenAPI what they take and give."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer

from ipam.api import idempotency, preconditions, shapes
from ipam.models.idempotent_responses import KEY_LENGTH

WRITES = ("POST", "PATCH", "DELETE")
DRY_RUN = OpenApiParameter("dry_run", bool, description="Everything happens, the answer is given, nothing is kept.")
KEY = OpenApiParameter(
    idempotency.HEADER,
    {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH},
    OpenApiParameter.HEADER,
    description="A name of your choice for this one request: sent again within 24 hours, it gets the same answer "
    "and is not done again.",
)
IF_MATCH = OpenApiParameter(
    preconditions.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="ETags of the object in the states in which you want to write it, or *",
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 201], description="The object's generation, in quotes"
)
REPLAYED = OpenApiParameter(
    idempotency.REPLAYED,
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=True,
    description="This is what the first request with your Idempotency-Key was answered.",
)
PROBLEM = OpenApiResponse(shapes.Problem, description="A refusal: problem details of RFC 9457")
STALE = OpenApiResponse(shapes.Problem, description="Somebody else was first: no tag of If-Match is the object's")
REUSED = OpenApiResponse(shapes.Problem, description="You have used this Idempotency-Key for another request")


class Schema(AutoSchema):
    """Reads the tables `inputs` and `answers` of a `Resource`, and adds what all operations share."""

    view: Any

    def get_request_serializer(self) -> Any:
        return self.view.inputs.get(self.view.action)

    def get_response_serializers(self) -> Any:
        action = self.view.action
        refusals = {412: STALE, 422: REUSED} if self.method in WRITES else {}
        if self.method == "DELETE":
            return {204: None, 200: shapes.Gone, **refusals, "default": PROBLEM}
        answer = self.view.answers.get(action, self.view.output)
        if action in self.view.several:
            either = [answer, self.view.several[action]]
            answer = PolymorphicProxySerializer(f"OneOrMany{answer.__name__}s", either, resource_type_field_name=None)
        status = 202 if action in self.view.accepting else 201 if action in self.view.creating else 200
        found = {200: answer} if action in self.view.finding else {}
        return {status: answer, **found, **refusals, "default": PROBLEM}

    def get_override_parameters(self) -> list[Any]:
        more = list(self.view.parameters.get(self.view.action, []))
        if self._gives_one_record():
            more.append(ETAG)
        return [*more, DRY_RUN, KEY, IF_MATCH, REPLAYED] if self.method in WRITES else more

    def _gives_one_record(self) -> bool:
        answer = self.view.answers.get(self.view.action, self.view.output)
        is_record = isinstance(answer, type) and issubclass(answer, shapes.Output)
        return is_record and self.method != "DELETE" and not self._is_list_view()

    def _get_response_for_code(self, serializer: object, status_code: object, *args: object, **kwargs: object) -> Any:
        response = super()._get_response_for_code(serializer, status_code, *args, **kwargs)  # type: ignore[no-untyped-call]
        if status_code in ("412", "422", "default"):
            response["content"] = {"application/problem+json": response["content"]["application/json"]}
        return response
