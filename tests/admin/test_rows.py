"""Rows of lists that are written without Django's tag are what the tag would write."""

import re
from typing import Any

import pytest
from django.contrib.admin.templatetags import admin_list
from django.db import models
from django.forms import BoundField
from django.test import Client

from ipam.models import Machine, Network
from tests.admin.keeper import page
from tests.admin.test_pages import MODELS, name_of
from webui.templatetags import admin_rows

ODD = "<\"&'> \N{SNOWMAN}"


@pytest.mark.parametrize("query", ["", "?q=a", "?_popup=1"])
@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_rows_are_those_of_djangos_tag(
    model: Any, query: str, cloud: dict[type[models.Model], models.Model], web: Client
) -> None:
    if hasattr(model, "description"):
        model.objects.update(description=ODD)
    cl = web.get(page("changelist", model) + query).context["cl"]
    assert written(admin_rows.rows(cl)["results"]) == written(admin_list.results(cl))


@pytest.mark.parametrize("model", [Network, Machine], ids=name_of)
def test_fields_of_rows_are_those_of_djangos_widgets(
    model: Any, cloud: dict[type[models.Model], models.Model], web: Client
) -> None:
    model.objects.update(description=ODD)
    form = web.get(page("changelist", model)).context["cl"].formset.forms[0]
    ours, theirs = (
        [str(kind(form, form.fields[name], name)) for name in form.fields] for kind in (type(form["name"]), BoundField)
    )
    assert ours == [without_ids(one) for one in theirs]


def test_list_says_names_and_leads_by_them_and_ids_are_short(private: Network, web: Client) -> None:
    html = web.get(page("changelist", Network)).content.decode()
    assert f'<a href="{page("change", private.project)}">{private.project}</a>' in html
    assert f'<span title="{private.pk}">{private.pk[:8]}…</span>' in html
    columns = web.get(page("changelist", Network)).context["cl"].list_display
    assert columns[1:4] == ["opened", "name", "description"]


def test_row_that_was_refused_says_why_as_wide_as_it_is(private: Network, web: Client) -> None:
    sent = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": private.pk,
        "form-0-name": "x" * 300,
        "_save": "Save",
    }
    cl = web.post(page("changelist", Network) + "?q=" + private.pk, sent).context["cl"]
    (ours,), (theirs,) = admin_rows.rows(cl)["results"], admin_list.results(cl)
    assert (written([ours]), "at most 255" in "".join(ours)) == (written([theirs]), True)


def test_every_field_of_a_row_has_a_name(private: Network, web: Client) -> None:
    html = web.get(page("changelist", Network)).content.decode()
    named = [
        re.findall('aria-label="([^"]+)"', one) for one in re.findall('<input type="text" name="form-[^>]+>', html)
    ]
    assert named == [["name"], ["description"]] * Network.objects.count()


def without_ids(html: str) -> str:
    """Without the ids of hidden inputs, which nothing asks for and a page of fifty rows has no room for."""
    return re.sub(r'(<input type="hidden"[^>]*?) id="[^"]+"', r"\1", html)


def written(rows: Any) -> list[str]:
    """The cells, with ids in full, and what leads to another object as its name alone: Django's tag says no more."""
    rows = [[without_ids(cell) for cell in row] for row in rows]
    whole = [re.sub('<span title="([^"]+)">[^<]+</span>', r"\1", "".join(row)) for row in rows]
    return [re.sub("(<td [^>]+>)<a [^>]+>([^<]+)</a></td>", r"\1\2</td>", row) for row in whole]
