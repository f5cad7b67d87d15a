"""How views tell OpenAPI what they take and give."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from ipam.api import outputs

WRITES = ("POST", "PATCH", "DELETE")
DRY_RUN = OpenApiParameter("dry_run", bool, description="Everything happens, the answer is given, nothing is kept.")
PROBLEM = OpenApiResponse(outputs.Problem, description="A refusal: problem details of RFC 9457")


class Schema(AutoSchema):
    """Reads the tables `inputs` and `answers` of a `Resource`, and adds what all operations share."""

    view: Any

    def get_request_serializer(self) -> Any:
        return self.view.inputs.get(self.view.action)

    def get_response_serializers(self) -> Any:
        action = self.view.action
        if self.method == "DELETE":
            return {204: None, 200: outputs.Gone, "default": PROBLEM}
        answer = self.view.answers.get(action, self.view.output)
        return {201 if action in self.view.creating else 200: answer, "default": PROBLEM}

    def get_override_parameters(self) -> list[Any]:
        more = list(self.view.parameters.get(self.view.action, []))
        return [*more, DRY_RUN] if self.method in WRITES else more

    def _get_response_for_code(self, serializer: Any, status_code: Any, *args: Any, **kwargs: Any) -> Any:
        response = super()._get_response_for_code(serializer, status_code, *args, **kwargs)  # type: ignore[no-untyped-call]
        if status_code == "default":
            response["content"] = {"application/problem+json": response["content"]["application/json"]}
        return response
