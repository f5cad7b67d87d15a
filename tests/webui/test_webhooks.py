"""Pages of webhooks: made, looked at, rotated, tested, switched off."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.notify import sealing, targets, webhooks
from ipam.models import Delivery, Network, Project, Webhook
from tests.callers import as_user

HOOK = "https://1.1.1.1/hook"


@pytest.fixture
def webhook(operator: User) -> Webhook:
    with as_user(operator):
        made, _ = webhooks.create(targets.resolve(HOOK), name="chat")
    return made


def test_secret_is_shown_once_when_it_is_made(web: Client) -> None:
    answer = web.post("/webhooks/new/", {"url": HOOK, "types": "address.release network.carve"})
    made = Webhook.objects.get()
    assert made.types == ["address.release", "network.carve"]
    assert sealing.unseal(made.secret) in answer.content.decode()
    assert "whsec_" not in web.get(f"/webhooks/{made.pk}/").content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"url": "https://10.0.0.1/"}, "never called: private"),
        ({"url": HOOK, "types": "address.explode"}, "no type of message"),
        ({"url": HOOK, "network": "nowhere"}, "There is no network"),
    ],
)
def test_what_is_wrong_stands_at_its_field(web: Client, typed: dict[str, str], said: str) -> None:
    html = web.post("/webhooks/new/", typed).content.decode()
    assert (said in html, 'class="field-error"' in html, Webhook.objects.count()) == (True, True, 0)


def test_form_shows_what_there_is_and_changes_it(web: Client, webhook: Webhook) -> None:
    assert HOOK in web.get(f"/webhooks/{webhook.pk}/edit/").content.decode()
    web.post(f"/webhooks/{webhook.pk}/edit/", {"url": HOOK, "name": "pager", "label": "a=b"})
    webhook.refresh_from_db()
    assert (webhook.name, webhook.label) == ("pager", "a=b")


def test_rotated_secret_is_shown_once(web: Client, webhook: Webhook) -> None:
    assert "whsec_" not in web.get(f"/webhooks/{webhook.pk}/rotate/").content.decode()
    html = web.post(f"/webhooks/{webhook.pk}/rotate/").content.decode()
    webhook.refresh_from_db()
    assert sealing.unseal(webhook.secret) in html


def test_switched_off_and_on(web: Client, webhook: Webhook) -> None:
    html = web.post(f"/webhooks/{webhook.pk}/switch/", follow=True).content.decode()
    assert ("switched off" in html, "Send a test" in html) == (True, False)
    web.post(f"/webhooks/{webhook.pk}/switch/")
    webhook.refresh_from_db()
    assert webhook.enabled


def test_messages_are_shown_by_state_and_sent_anew(web: Client, webhook: Webhook) -> None:
    web.post(f"/webhooks/{webhook.pk}/test/")
    aside = Delivery.objects.create(
        webhook=webhook, type="address.release", event=1, state="set_aside", finished_at=webhook.created_at,
        last_error="The receiver answered 500.",
    )  # fmt: skip
    pages = {state: web.get(f"/webhooks/{webhook.pk}/?state={state}").content.decode() for state in ("", "set_aside")}
    found = {state: ("webhook.ping" in html, "answered 500" in html) for state, html in pages.items()}
    assert found == {"": (True, True), "set_aside": (False, True)}
    web.post(f"/deliveries/{aside.pk}/resend/")
    assert [one.state for one in Delivery.objects.all()] == ["pending", "pending"]


def test_deleted_with_what_waits(web: Client, webhook: Webhook) -> None:
    web.post(f"/webhooks/{webhook.pk}/test/")
    web.post(f"/webhooks/{webhook.pk}/delete/")
    assert (Webhook.objects.count(), Delivery.objects.count()) == (0, 0)


def test_list_says_what_waits_and_what_fails(web: Client, webhook: Webhook) -> None:
    web.post(f"/webhooks/{webhook.pk}/test/")
    Webhook.objects.update(failing_since=webhook.created_at)
    html: Any = web.get("/webhooks/").content.decode()
    assert ("chat" in html, "failing" in html, 'data-label="Waiting">1<' in html) == (True, True, True)


def test_facts_name_what_it_is_limited_to(web: Client, webhook: Webhook, internet: Network, project: Project) -> None:
    Webhook.objects.update(network_id=internet.pk, project_id=project.pk)
    Network.objects.update(name="uplink")
    html = web.get(f"/webhooks/{webhook.pk}/").content.decode()
    assert ("uplink" in html, f">{project.name}</a>" in html) == (True, True)


def test_webhook_that_is_switched_off_is_sent_no_test(web: Client, webhook: Webhook) -> None:
    Webhook.objects.update(enabled=False)
    answer = web.post(f"/webhooks/{webhook.pk}/test/")
    assert (answer.status_code, Delivery.objects.count()) == (409, 0)
    assert "chat is switched off" in answer.content.decode()


def test_maker_who_may_not_sign_in_is_told_of(web: Client, webhook: Webhook, operator: User) -> None:
    told = "who may not sign in: it is told nothing until it is switched off and on"
    assert told not in web.get(f"/webhooks/{webhook.pk}/").content.decode()
    Webhook.objects.update(made_by=User.objects.create_user("gone", is_active=False))
    assert told in web.get(f"/webhooks/{webhook.pk}/").content.decode()
