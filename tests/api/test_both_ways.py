"""What is quick about taking and giving back addresses changes nothing of what they leave and answer."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.test import APIClient

from ipam import errors
from ipam.api import inputs, outputs, short_way
from ipam.domain.clusters import belongings, lifecycle, planning
from ipam.domain.core import at_once, by_ids, writes
from ipam.domain.networks import addresses, claims, networks, prefixes, quota_limits, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.domain.people import members, tokens
from ipam.models import (
    Claim,
    Cluster,
    Event,
    FreeBlock,
    IPAddress,
    Network,
    Project,
    Quota,
    SetAsideBlock,
    Tenure,
)
from ipam.models.managed import METAL_STACK
from tests.builders import IPV4, IPV6, cidrs, external, ip, worked_example
from tests.shared import shared_fixture

pytestmark = pytest.mark.django_db
_IDS_AND_TIMES = {"id", "allocation", "created_at", "updated_at", "at", "since", "until", "request_id", "object_id"}
_KEYS = _IDS_AND_TIMES | {"begun_by", "ended_by", "range_id"}
_READ = inputs.Input.to_internal_value

Step = tuple[str, Any]
_texts = st.sampled_from(
    ["", "web", "ä" * 255, "ä" * 256, "a\nb", "a\0b", "a\u200db", " ", "😀", None, 7, True, ["web"]]
)
_takes = st.fixed_dictionaries(
    {
        "network": st.sampled_from(["small", "nowhere", "", 7, None]),
        "project": st.sampled_from(["alice", "mallory", "nobody"]),
    },
    optional={
        "address_family": st.sampled_from(["ipv4", "ipv6", "dual-stack", "ipx"]),
        "ip": st.sampled_from(["192.0.2.3", "192.0.2.0", "198.51.100.1", ["192.0.2.5", "2001:db8::5"]]),
        "type": st.sampled_from(["static", "ephemeral", "other", "", None, 1]),
        "name": _texts,
        "description": _texts,
        "labels": st.sampled_from([{}, {"a": "b"}, {"a": 1}, [], None]),
        "count": st.sampled_from([1, 2, 4, 0, -1, 1001, 10**30, 1.0, "1", True, None, [1]]),
        "colour": st.just("red"),
    },
)
# What may be about addresses that are taken and given back.
_SET: dict[str, Callable[[Network], object]] = {
    "gateway": lambda small: prefixes.update(small.prefixes.get(family=4), gateway=ip("192.0.2.1")),
    "no reserved ends": lambda small: prefixes.update(small.prefixes.get(family=6), reserve_ends=False),
    "range": lambda small: ranges.create(small, Bounds(first=ip("192.0.2.2"), last=ip("192.0.2.3")), use="by-name"),
    "quarantine": lambda small: networks.update(small, quarantine={IPV4: 1}),
    "claim": lambda small: claims.claim(small, project=Project.objects.get(name="alice"), name="vip"),
    "cluster": lambda small: belongings.take_for_load_balancers(planning.get(Cluster.objects.get().pk), small),
    "managed": lambda small: Network.objects.filter(pk=small.pk).update(managed_by=METAL_STACK),
    "managed addresses": lambda small: IPAddress.objects.filter(network=small).update(managed_by=METAL_STACK),
}
_steps: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.one_of(_takes, st.sampled_from([{}, [], "small", None, {"network": "small"}]))),
        st.tuples(st.just("take"), st.just({"network": "small", "project": "alice"})),
        st.tuples(st.sampled_from(["ips", "allocations"]), st.fixed_dictionaries({"place": st.integers(0, 9)})),
        st.tuples(st.just("set"), st.sampled_from([*_SET])),
    ),
    min_size=1,
    max_size=12,
)


@shared_fixture
def small(project: Project, stranger: Project, private: Network) -> Network:
    """A network that is soon full: 192.0.2.0/29 and 2001:db8::/125, and alice has quotas there."""
    prefixes = cidrs("192.0.2.0/29", "2001:db8::/125")
    made = networks.create(external(id="small", prefixes=prefixes, destination_prefixes=()))
    for family, where, limit in ((IPV4, None, 4), (IPV6, made, 3), (IPV6, None, 6)):
        quota_limits.create(project=project, network=where, address_family=family, resource="addresses", limit=limit)
    lifecycle.create(worked_example(project=project, network=private), reserve=True)
    return made


@pytest.fixture(params=["operator", "owner"])
def caller(request: pytest.FixtureRequest, api: APIClient, project: Project) -> APIClient:
    """Somebody who sees everything, and somebody who sees one project."""
    if request.param == "operator":
        return api
    owner = User.objects.create_user("owner")
    members.grant(owner, "owner", project=project)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(owner)}")
    return client


@contextmanager
def ordinary() -> Iterator[None]:
    """Each statement by itself, each row by the ORM, each field asked."""
    release = addresses.release_locked
    with (
        mock.patch.object(at_once, "_ON", frozenset()),
        mock.patch.object(writes, "_TOGETHER_ON", frozenset()),
        mock.patch.object(by_ids, "find", side_effect=lambda wanted, only: {}),
        mock.patch.object(short_way, "_METHODS", ()),
        mock.patch.object(addresses, "release_locked", lambda held, with_prefixes=False: release(held)),
        mock.patch.object(outputs.Address, "to_representation", serializers.Serializer.to_representation),
        mock.patch.object(inputs.Input, "fields", serializers.Serializer.fields),
        mock.patch.object(inputs.Input, "to_internal_value", read_by_fields),
    ):
        yield


def read_by_fields(shape: inputs.Input, data: Any) -> Any:
    """What each field says, asked by the framework; what is unknown or no object the shape says itself."""
    names = inputs._readers_of(type(shape))
    if isinstance(data, dict) and data.keys() <= names.keys():
        return serializers.Serializer.to_internal_value(shape, data)
    return _READ(shape, data)


def run(api: APIClient, steps: list[Step]) -> list[Any]:
    """All answers, and all rows that they leave, apart from ids and times; nothing is kept."""
    with transaction.atomic():
        told = [answer(api, *step) for step in steps]
        told += [rows(model) for model in (IPAddress, FreeBlock, SetAsideBlock, Claim, Event, Tenure, Quota)]
        transaction.set_rollback(True)
    return told


def answer(api: APIClient, verb: str, asked: Any) -> Any:
    if verb == "set":
        with suppress(errors.IpamError):
            _SET[asked](Network.objects.get(pk="small"))
        return None
    if verb == "take":
        response = api.post("/api/v1/ips/", asked)
    else:
        held = IPAddress.objects.order_by("address").values_list("pk" if verb == "ips" else "allocation", flat=True)
        response = api.delete(f"/api/v1/{verb}/{list(held)[asked['place'] % len(held)]}/" if held else "/api/v1/ips/x/")
    body = json.loads(response.content or "null", object_hook=bare)
    return response.status_code, list(body) if isinstance(body, dict) else body, body


def rows(model: Any) -> list[Any]:
    return sorted((bare(row) for row in model.objects.values()), key=str)


def bare(row: dict[str, Any]) -> dict[str, Any]:
    return {name: bool(value) if name in _KEYS else _within(value) for name, value in row.items()}


def _within(value: Any) -> Any:
    if isinstance(value, list):
        return [_within(one) for one in value]
    return bare(value) if isinstance(value, dict) else value


@given(steps=_steps)
def test_quick_way_answers_and_leaves_what_the_ordinary_way_does(
    caller: APIClient, small: Network, steps: list[Step]
) -> None:
    quick = run(caller, steps)
    with ordinary():
        assert run(caller, steps) == quick
