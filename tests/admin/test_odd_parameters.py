"""No page of admin or dashboard breaks over what stands in its address: links go stale, and people try things."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, reverse

from tests.admin.test_pages import MODELS, Cloud, address_of
from webui import urls

VALUES = ["x", "99999999999999999999", "1", "a=b\0"]
# What Django's lists and forms read by themselves, and look-ups into columns.
OF_EVERY_PAGE = [
    *("q", "o", "p", "e", "all", "_popup", "_to_field", "_changelist_filters", "_facets"),
    *("pk", "id__exact", "id__in", "id__isnull", "pk__gt", "name__regex", "labels__x", "nonsense__x"),
]
OF_THE_DASHBOARD = [
    *("q", "sort", "cursor", "open", "severity", "kind", "object", "network", "project", "address", "ipv4", "ipv6"),
    *("namespace", "contains", "overlaps", "prefix", "label", "next", "domain", "all", "type", "length", "labels"),
    *("partition", "vrf", "parent", "default_child_prefix_length", "additional_announcable_cidrs", "machine", "state"),
]


def named_by(model: type[models.Model]) -> list[str]:
    """Every column, every filter beside the list, and every field of the form for a new one."""
    pages = admin.site.get_model_admin(model)
    filters = [getattr(one, "parameter_name", None) or getattr(one, "field", one) for one in pages.list_filter]
    form = getattr(pages, "add_form", None)
    columns = [field.name for field in model._meta.get_fields()]
    return [str(name) for name in dict.fromkeys([*columns, *filters, *getattr(form, "base_fields", ())])]


def broken(client: Client, address: str, queries: Iterable[Mapping[str, str]], method: str = "GET") -> list[str]:
    """The queries over which this page breaks."""
    client.raise_request_exception = False
    sent = [urlencode({name: [value, value] for name, value in query.items()}, doseq=True) for query in queries]
    return [f"{address}?{one}" for one in sent if client.generic(method, address, QUERY_STRING=one).status_code >= 500]


def together(names: Iterable[str]) -> list[dict[str, str]]:
    """Each value, for all of these names at once."""
    return [dict.fromkeys(names, value) for value in VALUES]


@pytest.mark.slow
def test_no_list_of_the_admin_breaks_over_a_parameter(cloud: Cloud, web: Client) -> None:
    """One at a time: what a list cannot read makes it leave everything else unread."""
    found = [
        query
        for model in MODELS
        for name in [*OF_EVERY_PAGE, *named_by(model)]
        for query in broken(web, address_of("changelist", model, cloud), [{name: value} for value in VALUES[:2]])
    ]
    assert found == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_form_of_the_admin_breaks_over_parameters(method: str, cloud: Cloud, web: Client) -> None:
    found = [
        query
        for model in MODELS
        for kind in ("add", "change")
        for query in broken(web, address_of(kind, model, cloud), together(named_by(model)), method)
    ]
    assert found == []


def test_no_page_of_the_dashboard_breaks_over_a_parameter(cloud: Cloud, web: Client) -> None:
    simple = [one.name for one in urls.urlpatterns if isinstance(one, URLPattern) and not one.pattern.converters]
    pages = [reverse(name) for name in simple if name not in ("logout", "sign-out-everywhere", "schema", "docs")]
    pages += [
        "/networks/tenants/",
        "/networks/tenants/map/",
        "/networks/tenants/carve/",
        "/networks/internet/allocate/",
    ]
    assert [query for page in pages for query in broken(web, page, together(OF_THE_DASHBOARD))] == []
