"""`import_metal_stack --url`: a running metal-api comes in as its documents do."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.compat.stand_in import KEY, StandIn, standing_in

PROJECT = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"
INTERNET = {
    "id": "internet", "name": "out", "partitionid": "fra", "projectid": "", "nat": True, "nattype": "ipv4-masq",
    "networktype": "external", "privatesuper": False, "underlay": False, "vrf": 104009, "shared": False,
    "prefixes": ["203.0.113.0/24", "2001:db8::/64"], "destinationprefixes": ["0.0.0.0/0", "::/0"], "labels": {"a": "b"},
    "usage": {"available_ips": 256}, "created": "2026-01-01T00:00:00Z",
}  # fmt: skip
LISTS: dict[str, Any] = {
    "partition": [{"id": "fra", "name": "Frankfurt", "bootconfig": {}}],
    "project": [{"meta": {"id": PROJECT, "version": 3}, "name": "shop", "tenant_id": "acme"}],
    "network": [INTERNET],
    "ip": [
        {"ipaddress": "203.0.113.5", "networkid": "internet", "projectid": PROJECT, "type": "static", "tags": ["a=b"]}
    ],
    "machine": [{"id": "m-1", "partition": {"id": "fra"}, "allocation": None}],
}


@pytest.fixture
def metal_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("KEY_OF_METAL", KEY)
    with standing_in() as server:
        server.lists |= LISTS
        yield server


def bring(url: str, *options: str) -> str:
    told = io.StringIO()
    call_command("import_metal_stack", "--url", url, "--hmac-env", "KEY_OF_METAL", *options, stdout=told)
    return told.getvalue()


def test_running_metal_api_comes_in(db: None, metal_api: StandIn) -> None:
    told = bring(metal_api.url)
    assert "4 created" in told
    network = Network.objects.get()
    assert (network.nat_type, network.vrf_id, network.labels) == ("ipv4-masquerade", 104009, {"a": "b"})
    assert (Partition.objects.get().name, Project.objects.get().tenant) == ("Frankfurt", "acme")
    assert [str(one) for one in IPAddress.objects.all()] == ["203.0.113.5"]
    assert not Machine.objects.exists()


def test_second_time_changes_nothing(db: None, metal_api: StandIn) -> None:
    bring(metal_api.url)
    assert "0 created, 4 unchanged" in bring(metal_api.url)


def test_dry_run_keeps_nothing(db: None, metal_api: StandIn) -> None:
    bring(metal_api.url, "--dry-run")
    assert not Network.objects.exists()


def test_answer_that_fails_is_asked_for_again(db: None, metal_api: StandIn) -> None:
    metal_api.failures = 1
    assert "4 created" in bring(metal_api.url)


def test_wrong_key_is_told_in_its_words_and_nothing_comes_in(
    db: None, metal_api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_METAL", "another")
    with pytest.raises(CommandError, match="answers 401: wrong signature"):
        bring(metal_api.url)
    assert not Network.objects.exists()


@pytest.mark.parametrize(("answer", "told"), [({"message": "hello"}, "gives no list"), ([1], "none of partitions")])
def test_answer_that_is_none_is_refused(db: None, metal_api: StandIn, answer: Any, told: str) -> None:
    metal_api.lists["network"] = answer
    with pytest.raises(CommandError, match=told):
        bring(metal_api.url)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--url", "http://127.0.0.1:1"],
        ["--url", "http://127.0.0.1:1", "--token-env", "NOT_SET"],
        ["x", "--url", "y"],
    ],
)
def test_what_is_missing_is_told(options: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("import_metal_stack", *options)
