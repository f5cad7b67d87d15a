"""A data keeper in the admin: opens a page, changes fields, presses the button. Sends what a browser would send."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from django.db import models
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse


class _Form(HTMLParser):
    """The fields of one form of a page, by name, as they are filled in."""

    def __init__(self, html: str, form_id: str) -> None:
        super().__init__()
        self.form_id, self.fields, self.inside = form_id, {}, False
        self.text = self.select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        if not self.inside:
            return
        name, kind = given.get("name") or "", given.get("type")
        if tag == "input" and name and kind != "submit" and (kind != "checkbox" or "checked" in given):
            self.fields[name] = given.get("value") or ("on" if kind == "checkbox" else "")
        elif tag == "textarea":
            self.text, self.fields[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.fields or "selected" in given):
            self.fields[self.select] = given.get("value") or ""  # without a selected one a browser sends the first

    def handle_data(self, data: str) -> None:
        if self.text:
            self.fields[self.text] += data.removeprefix("\n") if not self.fields[self.text] else data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.text = ""


class Keeper:
    """Each verb answers with the page that comes back: a redirect when it was done."""

    def __init__(self, web: Client) -> None:
        self.web = web

    def add(self, model: type[models.Model], **fields: Any) -> HttpResponse:
        return self._submit(page("add", model), model, fields)

    def change(self, row: models.Model, **fields: Any) -> HttpResponse:
        return self._submit(page("change", row), type(row), fields)

    def delete(self, row: models.Model) -> HttpResponse:
        return self.web.post(page("delete", row), {"post": "yes"})

    def edit_list(
        self,
        model: type[models.Model],
        changes: dict[models.Model, dict[str, str]],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> HttpResponse:
        """Change fields of some rows of the list, and save it; what others do `meanwhile`, nobody sees on the page."""
        shown = self.web.get(page("changelist", model))
        fields = _Form(shown.content.decode(), "changelist-form").fields
        place = {value: name.split("-")[1] for name, value in fields.items() if name.endswith("-id")}
        changed = {
            f"form-{place[str(row.pk)]}-{name}": value
            for row, given in changes.items()
            for name, value in given.items()
        }
        meanwhile()
        return self.save_list(shown, **changed)

    def save_list(self, shown: HttpResponse, **changed: str) -> HttpResponse:
        """Save a list as its page shows it, but for what was changed."""
        fields = _Form(shown.content.decode(), "changelist-form").fields | changed
        del fields["action"], fields["select_across"]
        return self.web.post(shown.request["PATH_INFO"], {**fields, "_save": "Save"})

    def act(self, action: str, rows: list[models.Model], **fields: Any) -> HttpResponse:
        """Choose an action for these rows, and confirm it."""
        chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
        return self.web.post(page("changelist", type(rows[0])), {**chosen, "confirmed": "yes", **fields})

    def _submit(self, url: str, model: type[models.Model], fields: dict[str, Any]) -> HttpResponse:
        shown = _Form(self.web.get(url).content.decode(), f"{model._meta.model_name}_form").fields
        return self.web.post(url, shown | fields)


def page(kind: str, subject: type[models.Model] | models.Model) -> str:
    """The address of a page of a model or row."""
    arguments = [] if kind in ("add", "changelist") else [subject.pk]
    return reverse(f"admin:ipam_{subject._meta.model_name}_{kind}", args=arguments)


def complaints(answer: HttpResponse) -> list[str]:
    """The sentences of refusal on a page that came back; none of a redirect."""
    if answer.status_code == 302:
        return []
    context = answer.context
    forms: list[Any] = [context["adminform"].form] if "adminform" in context else []
    forms += context["cl"].formset.forms if "cl" in context else []
    forms += [context["form"]] if "action_checkbox_name" in context and "form" in context else []
    return [
        f"{field}: {sentence}" if field != "__all__" else sentence
        for form in forms
        for field, sentences in form.errors.items()
        for sentence in sentences
    ] + list(context.get("protected", []))


def everything() -> list[Any]:
    """All rows of all models of ours, to compare before and after."""
    from django.apps import apps

    return [list(model._default_manager.order_by("pk").values()) for model in apps.get_app_config("ipam").get_models()]
