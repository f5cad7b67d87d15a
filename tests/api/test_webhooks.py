"""Webhooks by the API: what is taken, what is answered, who is shown the secret and when."""

import json
import socket
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from rest_framework.test import APIClient
from standardwebhooks.webhooks import Webhook as Standard

from ipam.api import webhooks as views
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import members, tokens
from ipam.models import Delivery, IdempotentResponse, Network, Project, Webhook
from ipam.models.roles import Role
from tests.api.conftest import codes, results

URL = "/api/v1/webhooks/"
HOOK = "https://1.1.1.1/hook?x=1"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def made(api: APIClient, **more: Any) -> Any:
    answer = api.post(URL, {"url": HOOK, **more})
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_webhook_is_answered_as_it_is_described(api: APIClient, project: Project, internet: Network) -> None:
    wanted = {
        "name": "chat", "types": ["network.carve", "address.make_static", "alert.firing"], "network": "internet",
        "project": str(project.pk), "partition": "mini-lab", "label": "stage=prod",
    }  # fmt: skip
    answer = made(api, **wanted)
    assert Standard(answer.pop("secret"))
    book_keeping = {name: answer.pop(name) for name in ("id", "created_at", "updated_at", "generation")}
    assert answer == wanted | {
        "url": HOOK, "types": sorted(wanted["types"]), "enabled": True, "state": "active", "disabled_reason": "",
        "last_success_at": None, "waiting": 0,
    }  # fmt: skip
    assert api.get(f"{URL}{book_keeping['id']}/").json() == answer | book_keeping
    assert results(api.get(URL)) == [book_keeping["id"]]


def test_secret_may_be_given_and_is_shown_in_the_answer_to_making_and_rotating_it(api: APIClient) -> None:
    one = made(api, secret=SECRET)
    rotated = api.post(f"{URL}{one['id']}/rotate/", {}).json()["secret"]
    again = api.post(f"{URL}{one['id']}/rotate/", {"secret": SECRET}).json()["secret"]
    changed = api.patch(f"{URL}{one['id']}/", {"name": "x"}).json()
    assert (one["secret"], rotated != SECRET, again, "secret" in changed) == (SECRET, True, SECRET, False)


def test_secret_is_in_no_table_in_clear(api: APIClient) -> None:
    answer = api.post(URL, {"url": HOOK, "secret": SECRET}, headers={"Idempotency-Key": "k1"}).json()
    api.post(f"{URL}{answer['id']}/rotate/", {"secret": SECRET}, headers={"Idempotency-Key": "k2"})
    stored = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            stored += [str(row) for row in cursor.fetchall()]
    assert [row for row in stored if SECRET.removeprefix("whsec_") in row] == []


def test_answer_with_a_secret_is_given_again(api: APIClient) -> None:
    first, second = (api.post(URL, {"url": HOOK}, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (first.json(), second.headers["Idempotency-Replayed"]) == (second.json(), "true")
    assert Webhook.objects.count() == 1
    assert first.json()["secret"] not in IdempotentResponse.objects.get().body


def test_answer_is_given_again_though_the_name_leads_nowhere_by_now(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.post(URL, {"url": HOOK}, headers={"Idempotency-Key": "k1"})
    monkeypatch.setattr(targets, "_addresses_of", lambda target: ())
    assert api.post(URL, {"url": HOOK}, headers={"Idempotency-Key": "k1"}).json() == first.json()


def test_without_a_key_a_secret_is_refused_in_words(api: APIClient, settings: Any) -> None:
    settings.SECRETS_KEY = ""
    answer = api.post(URL, {"url": HOOK})
    assert (answer.status_code, codes(answer), Webhook.objects.count()) == (400, [("secret", "invalid")], 0)
    assert "SECRETS_KEY" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ("url", "required")),
        ({"url": "https://u:p@1.1.1.1/"}, ("url", "invalid")),
        ({"url": "https://1.1.1.1/#x"}, ("url", "invalid")),
        ({"url": "https://127.0.0.1/"}, ("url", "url_not_allowed")),
        ({"url": "http://1.1.1.1/"}, ("url", "url_not_allowed")),
        ({"url": "https://[64:ff9b::a00:1]/"}, ("url", "url_not_allowed")),
        ({"url": HOOK, "types": ["address.release", "address.explode"]}, ("types.1", "invalid")),
        ({"url": HOOK, "types": ["address.make-static"]}, ("types.0", "invalid")),
        ({"url": HOOK, "secret": "hunter2"}, ("secret", "invalid")),
        ({"url": HOOK, "network": "nowhere"}, ("network", "not_found")),
        ({"url": HOOK, "partition": "nowhere"}, ("partition", "not_found")),
        ({"url": HOOK, "project": "nowhere"}, ("project", "not_found")),
        ({"url": HOOK, "verify": False}, ("verify", "unknown_field")),
    ],
)
def test_what_is_wrong_is_said_at_its_field(api: APIClient, body: dict[str, Any], found: tuple[str, str]) -> None:
    answer = api.post(URL, body)
    assert (codes(answer), Webhook.objects.count()) == ([found], 0)


def test_null_takes_a_limit_away(api: APIClient, project: Project, internet: Network) -> None:
    one = made(api, network="internet", project=str(project.pk), partition="mini-lab", label="a")
    nothing = {"network": None, "project": None, "partition": None, "label": None}
    changed = api.patch(f"{URL}{one['id']}/", nothing).json()
    assert {name: changed[name] for name in nothing} == nothing


def test_names_are_resolved_outside_of_the_transaction_also_of_a_dry_run(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []

    def look(*args: Any, **more: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return [(socket.AF_INET, 1, 6, "", ("1.1.1.1", 443))]

    class Here:
        """Resolves in this thread, which has the connection."""

        def submit(self, call: Any, *args: Any, **more: Any) -> Any:
            found = call(*args, **more)
            return type("Done", (), {"result": lambda self, seconds: found})()

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(targets, "_resolver", Here())
    outside = len(connection.savepoint_ids)
    api.post(f"{URL}?dry_run=true", {"url": "https://example.org/"})
    one = api.post(URL, {"url": "https://example.org/"}, headers={"Idempotency-Key": "k"}).json()
    api.patch(f"{URL}{one['id']}/", {"url": "https://example.org/2"})
    assert depths == [outside] * 3


def test_nobody_makes_twofold_resolve_names_who_may_make_no_webhook(
    api: APIClient, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.targets, "resolve", lambda url: pytest.fail("resolved"))
    viewer = User.objects.create_user("viewer")
    members.grant(viewer, Role.EDITOR, project=project)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(viewer)}")
    assert api.post(URL, {"url": HOOK, "project": str(project.pk)}).status_code == 403


def test_dry_run_keeps_nothing(api: APIClient) -> None:
    assert api.post(f"{URL}?dry_run=true", {"url": HOOK}).status_code == 201
    assert Webhook.objects.count() == 0


def test_path_of_a_url_is_shown_to_those_who_may_change_it(api: APIClient, project: Project) -> None:
    one = made(api, project=str(project.pk))
    viewer = User.objects.create_user("viewer")
    members.grant(viewer, Role.VIEWER, project=project)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(viewer)}")
    assert api.get(f"{URL}{one['id']}/").json()["url"] == "https://1.1.1.1/…"
    events = api.get("/api/v1/events/?kind=webhook").json()
    assert (len(events["results"]), "hook?x" in json.dumps(events)) == (1, False)


def test_owner_may_not_widen_a_webhook_beyond_the_own_project(
    api: APIClient, project: Project, stranger: Project
) -> None:
    one = made(api, project=str(project.pk))
    owner = User.objects.create_user("owner")
    members.grant(owner, Role.OWNER, project=project)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(owner)}")
    url = f"{URL}{one['id']}/"
    assert api.patch(url, {"name": "mine"}).status_code == 200
    assert (api.patch(url, {"project": None}).status_code, api.post(URL, {"url": HOOK}).status_code) == (403, 403)
    assert api.patch(url, {"project": str(stranger.pk)}).status_code == 404


def test_test_is_accepted_and_waits(api: APIClient) -> None:
    one = made(api)
    answer = api.post(f"{URL}{one['id']}/test/", {})
    shown = answer.json()
    assert (answer.status_code, shown["type"], shown["state"], shown["event"]) == (202, "webhook.ping", "pending", None)
    assert api.get(f"{URL}{one['id']}/").json()["waiting"] == 1
    assert set(shown) == {
        "id", "event", "type", "state", "attempts", "next_at", "last_status", "last_error", "delivered_at",
    }  # fmt: skip


def test_webhook_that_is_switched_off_takes_no_test(api: APIClient) -> None:
    one = made(api, enabled=False)
    assert one["state"] == "disabled"
    assert api.post(f"{URL}{one['id']}/test/", {}).json()["code"] == "wrong_state"


def test_deliveries_are_listed_newest_first_and_by_state(api: APIClient) -> None:
    one = made(api)
    webhook = Webhook.objects.get()
    keys = [
        Delivery.objects.create(webhook=webhook, type="address.release", event=n, state=state, finished_at=at).pk
        for n, (state, at) in enumerate([("pending", None), ("set_aside", webhook.created_at), ("pending", None)])
    ]
    url = f"{URL}{one['id']}/deliveries/"
    assert results(api.get(url)) == keys[::-1]
    assert results(api.get(f"{url}?state=pending&limit=1")) == keys[2:]
    assert results(api.get(api.get(f"{url}?state=pending&limit=1").json()["next"])) == keys[:1]
    assert codes(api.get(f"{url}?state=lost")) == [("state", "invalid")]
    assert codes(api.get(f"{url}?ordering=id")) == [("ordering", "invalid")]


def test_delivery_is_resent_on_request(api: APIClient) -> None:
    made(api)
    webhook = Webhook.objects.get()
    aside = Delivery.objects.create(
        webhook=webhook, type="x.y", event=1, state="set_aside", finished_at=webhook.created_at, attempts=10
    )
    answer = api.post(f"/api/v1/deliveries/{aside.pk}/resend/", {})
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "pending", 10)


def test_fifty_first_webhook_of_a_place_is_refused(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_OF_A_PLACE", 1)
    made(api)
    assert api.post(URL, {"url": HOOK}).json()["code"] == "in_use"
