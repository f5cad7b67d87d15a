"""`Idempotency-Key`: whatever is sent again is done once and answered alike."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks, partitions
from ipam.domain.people import tokens
from ipam.models import ApiToken, Event, IdempotentResponse, IPAddress, Network, Partition, Project, RoleBinding
from ipam.models.roles import Role
from tests.api.conftest import codes
from tests.api.writes import every_write, everything, send
from tests.builders import IPV6, cidrs, external
from tests.domain.core.test_waiting import another

URL = "/api/v1/partitions/"
FRA = {"id": "fra", "name": "Frankfurt", "labels": {"b": "1", "a": "2"}}


def keyed(key: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": key}


@pytest.fixture
def post(api: APIClient) -> Callable[..., Any]:
    return lambda body=FRA, key="k1", url=URL: api.post(url, body, headers=keyed(key))


@every_write
def test_write_that_is_sent_again_is_done_once_and_answered_alike(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    first, after_first = send(api, verb, path, body, world, idempotency_key="k1"), everything()
    second = send(api, verb, path, body, world, idempotency_key="k1")
    assert (second.status_code, second.content, everything()) == (first.status_code, first.content, after_first)
    assert first.status_code in (200, 201, 202, 204)
    assert [one.headers.get("Idempotency-Replayed") for one in (first, second)] == [None, "true"]
    assert second.headers.get("ETag") == first.headers.get("ETag")


def test_write_that_is_sent_again_leaves_one_event(post: Callable[..., Any]) -> None:
    post(), post()
    assert Event.objects.filter(object_id="fra").count() == 1


def test_same_body_in_another_order_and_spacing_is_the_same_request(api: APIClient, post: Callable[..., Any]) -> None:
    first = post()
    text = ' {"labels": {"a": "2", "b": "1"},\n"name": "Frankfurt", "id": "fra"}'
    second = api.post(URL, text, content_type="application/json", headers=keyed())
    assert (second.content, second.headers["Idempotency-Replayed"]) == (first.content, "true")


def test_answer_is_given_again_though_its_object_is_gone(api: APIClient, post: Callable[..., Any]) -> None:
    first = post()
    api.delete(f"{URL}fra/")
    assert post().content == first.content
    assert not Partition.objects.exists()


def test_answer_is_given_again_though_what_the_request_names_is_gone(
    api: APIClient, internet: Network, project: Project
) -> None:
    body = {"network": internet.pk, "project": str(project.pk)}
    first = api.post("/api/v1/ips/", body, headers=keyed())
    api.delete(f"/api/v1/allocations/{first.json()['ips'][0]['allocation']}/")
    api.delete(f"/api/v1/networks/{internet.pk}/")
    assert api.post("/api/v1/ips/", body, headers=keyed()).content == first.content


# --- another request ------------------------------------------------------------------------------
def test_key_of_another_body_is_refused_and_nothing_done(post: Callable[..., Any]) -> None:
    post()
    answer = post({"id": "muc"})
    assert (answer.status_code, codes(answer)) == (422, [("Idempotency-Key", "idempotency_key_reused")])
    assert "take a new key for each new request" in answer.json()["detail"]
    assert [one.pk for one in Partition.objects.all()] == ["fra"]


def test_key_of_another_address_is_refused(post: Callable[..., Any]) -> None:
    post({"name": "a"}, url="/api/v1/projects/")
    assert post({"name": "a"}, url="/api/v1/projects/?dry_run=false").status_code == 422


def test_key_of_another_method_is_refused(api: APIClient, post: Callable[..., Any]) -> None:
    post()
    api.patch(f"{URL}fra/", {}, headers=keyed("k2"))
    assert api.delete(f"{URL}fra/", {}, headers=keyed("k2")).status_code == 422


def test_other_user_has_keys_of_his_own(post: Callable[..., Any]) -> None:
    post()
    other = APIClient()
    other.force_authenticate(User.objects.create_superuser("bob"))
    answer = other.post(URL, {"id": "muc"}, headers=keyed())
    assert (answer.status_code, answer.json()["id"]) == (201, "muc")


def test_user_has_the_same_keys_whatever_he_signs_in_with(operator: User, post: Callable[..., Any]) -> None:
    first = post()
    other = APIClient()
    other.force_login(operator)
    assert other.post(URL, FRA, headers=keyed()).content == first.content


def test_token_with_other_limits_is_not_told_what_its_user_was_answered(
    operator: User, internet: Network, project: Project, stranger: Project, api: APIClient
) -> None:
    body = {"network": internet.pk, "project": str(project.pk)}
    api.post("/api/v1/ips/", body, headers=keyed())
    other = APIClient(headers={"Authorization": f"Bearer {tokens.issue(operator)}"})
    for limits in ({"projects": [str(stranger.pk)]}, {"projects": [], "is_read_only": True}):
        ApiToken.objects.filter(pk=ApiToken.objects.latest("pk").pk).update(**limits)
        assert other.post("/api/v1/ips/", body, headers=keyed()).status_code == 422


# --- what is kept ---------------------------------------------------------------------------------
def test_refusal_is_kept_though_the_world_has_changed(api: APIClient, narrow: Network, project: Project) -> None:
    taken = addresses.allocate(narrow, project=project, count=2)
    body = {"network": narrow.pk, "project": str(project.pk)}
    first = api.post("/api/v1/ips/", body, headers=keyed())
    addresses.release_many(taken)
    second = api.post("/api/v1/ips/", body, headers=keyed())
    assert (second.status_code, second.content) == (409, first.content)
    assert second.headers["Content-Type"] == "application/problem+json"
    assert api.post("/api/v1/ips/", body, headers=keyed("k2")).status_code == 201


def test_being_forbidden_is_not_kept(internet: Network, project: Project) -> None:
    bob = User.objects.create(username="bob")
    role = RoleBinding.objects.create(user=bob, project=project, role=Role.VIEWER)
    client = APIClient(headers={"Authorization": f"Bearer {tokens.issue(bob)}"})
    body = {"network": internet.pk, "project": str(project.pk)}
    statuses = [client.post("/api/v1/ips/", body, headers=keyed()).status_code]
    RoleBinding.objects.filter(pk=role.pk).update(role=Role.EDITOR)
    statuses += [client.post("/api/v1/ips/", body, headers=keyed()).status_code]
    assert statuses == [403, 201]


def test_refused_write_leaves_nothing_but_its_answer(api: APIClient, post: Callable[..., Any]) -> None:
    post(key="k1")
    before = everything()
    post(key="k2")
    kept = IdempotentResponse.objects.get(key="k2")
    assert kept.status == 409
    kept.delete()
    assert everything() == before


def test_body_that_means_nothing_reaches_no_operation_and_is_not_kept(post: Callable[..., Any]) -> None:
    assert post({"id": 7, "colour": "red"}).status_code == 400
    assert post().status_code == 201


def test_dry_run_is_not_kept(api: APIClient, post: Callable[..., Any]) -> None:
    tried = api.post(f"{URL}?dry_run=true", FRA, headers=keyed())
    assert (tried.status_code, IdempotentResponse.objects.count()) == (201, 0)
    assert post().headers.get("Idempotency-Replayed") is None


def test_request_without_a_key_is_not_kept(api: APIClient) -> None:
    api.post(URL, FRA)
    assert not IdempotentResponse.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_request_that_loses_a_race_starts_again(operator: User, project: Project) -> None:
    both = networks.create(external(prefixes=cidrs("192.0.2.0/31", "2001:db8::/127"), destination_prefixes=[]))
    client = APIClient()
    client.force_authenticate(operator)
    body = {"network": both.pk, "project": str(project.pk)}
    with another(lambda: client.post("/api/v1/ips/", body, headers=keyed())) as start:
        addresses.allocate(both, project=project, families=[IPV6])
        waiting = start()
    assert (waiting.result().status_code, IPAddress.objects.count()) == (201, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_what_another_was_quicker_to_take_is_refused_in_lasting_words(operator: User) -> None:
    client = APIClient()
    client.force_authenticate(operator)
    with another(lambda: client.post(URL, FRA, headers=keyed())) as start:
        partitions.create(id="fra")
        waiting = start()
    assert waiting.result().json()["detail"] == "There is already a partition fra. Choose another id."
    assert client.post(URL, FRA, headers=keyed()).content == waiting.result().content


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_what_another_has_removed_meanwhile_is_looked_up_anew(
    operator: User, private: Network, partition: Partition
) -> None:
    client = APIClient()
    client.force_authenticate(operator)
    body = {
        "project": str(private.project_id),
        "partition": partition.pk,
        "networks": [{"network": private.pk, "auto": False}],
    }
    with another(lambda: client.post("/api/v1/machines/", body, headers=keyed())) as start:
        networks.delete(private)
        waiting = start()
    again = client.post("/api/v1/machines/", body, headers=keyed())
    assert [answer.json()["code"] for answer in (waiting.result(), again)] == ["not_found"] * 2


# --- how long -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("hours", "fresh"), [(23.9, True), (24.1, False)])
def test_answer_is_kept_for_a_day(hours: float, fresh: bool, post: Callable[..., Any]) -> None:
    post()
    IdempotentResponse.objects.update(at=timezone.now() - timedelta(hours=hours))
    Partition.objects.all().delete()
    assert (post().headers.get("Idempotency-Replayed") == "true", Partition.objects.exists()) == (fresh, not fresh)


def test_key_that_has_expired_may_name_another_request(post: Callable[..., Any]) -> None:
    post()
    IdempotentResponse.objects.update(at=timezone.now() - timedelta(hours=25))
    assert post({"id": "muc"}).status_code == 201


def test_expired_answers_are_forgotten_at_every_hundredth_key(operator: User, post: Callable[..., Any]) -> None:
    old = timezone.now() - timedelta(hours=25)
    stale = [IdempotentResponse(user=operator, key=f"old{number}", request=bytes(32), at=old) for number in range(1100)]
    IdempotentResponse.objects.bulk_create(stale)
    for number in range(100):
        post({"name": "a"}, key=str(number), url="/api/v1/projects/")
    assert (IdempotentResponse.objects.expired().count(), IdempotentResponse.objects.fresh().count()) == (100, 100)


# --- keys -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "a\0b", "a\x7fb"])
def test_malformed_key_is_refused(key: str, post: Callable[..., Any]) -> None:
    answer = post(key=key)
    assert (answer.status_code, codes(answer)) == (400, [("Idempotency-Key", "invalid")])
    assert not Partition.objects.exists()


@pytest.mark.parametrize("key", ["k", "k" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "schlüssel 1/2;%"])
def test_key_is_any_printable_text(key: str, post: Callable[..., Any]) -> None:
    assert [post(key=key).status_code, post(key=key).headers["Idempotency-Replayed"]] == [201, "true"]


def test_thousand_addresses_are_given_again(api: APIClient, internet: Network, project: Project) -> None:
    body = {"network": internet.pk, "project": str(project.pk), "address_family": "ipv6", "count": 1000}
    first, second = (api.post("/api/v1/ips/", body, headers=keyed()) for _ in range(2))
    assert (second.content == first.content, len(second.json()["ips"]), IPAddress.objects.count()) == (True, 1000, 1000)
