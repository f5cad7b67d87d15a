"""Inputs of forms are written here: a list of the admin has 350 of them, and a template takes ten times as long."""

from collections.abc import Mapping
from html import escape
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.safestring import SafeString

_INPUTS = {f"django/forms/widgets/{kind}.html" for kind in ("checkbox", "hidden", "number", "text")}
_ERRORS = "django/forms/errors/list/default.html"


class Renderer(TemplatesSetting):
    """Plain inputs as Django's templates have them, and nothing where there are no errors; all else by templates."""

    def render(self, template_name: str, context: Any, request: HttpRequest | None = None) -> SafeString:
        if template_name in _INPUTS:
            return _input(context["widget"])
        if template_name == _ERRORS and not context["errors"]:
            return SafeString("")
        return SafeString(super().render(template_name, context, request))


def _input(widget: Mapping[str, Any]) -> SafeString:
    value = "" if widget["value"] is None else _attribute("value", widget["value"])
    attributes = "".join(_attribute(name, value) for name, value in widget["attrs"].items() if value is not False)
    return SafeString(f'<input type="{widget["type"]}"{_attribute("name", widget["name"])}{value}{attributes}>')


def _attribute(name: str, value: object) -> str:
    if value is True:
        return f" {name}"
    return f' {name}="{value if isinstance(value, SafeString) else escape(str(value))}"'
