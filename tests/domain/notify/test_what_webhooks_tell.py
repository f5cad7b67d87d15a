"""What webhooks are told of an event, and what not: to whom, as what, signed by which secret."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError

from ipam import errors
from ipam.domain.networks import addresses, networks, partitions, quota_limits
from ipam.domain.notify import deliveries, webhooks
from ipam.domain.people import members
from ipam.models import Delivery, Event, Network, Partition, Project, Webhook, feed
from ipam.models.roles import Role
from tests.builders import IPV4, child, namespaced
from tests.callers import as_user
from tests.domain.notify.conftest import SECRET, Go, Hook, deliver, states
from tests.receivers import Receiver

pytestmark = pytest.mark.django_db(transaction=True)  # the feed reads what has been committed


def test_event_is_told_as_the_lists_show_it_with_its_object(
    hook: Hook, receiver: Receiver, internet: Network, project: Project
) -> None:
    hook()
    held = addresses.allocate(internet, project=project, name="web")
    deliver()
    (one,) = receiver.requests
    told = one.json
    event = Event.objects.get(verb="allocate")
    assert (told["type"], told["timestamp"]) == ("address.allocate", event.at.isoformat().replace("+00:00", "Z"))
    assert set(told["data"]) == {"event", "object", "url"}
    assert (told["data"]["event"]["id"], told["data"]["event"]["verb"]) == (event.pk, "allocate")
    assert [ip["ip"] for ip in told["data"]["object"]["ips"]] == [str(row.address) for row in held]
    assert told["data"]["url"] == f"http://localhost:8000/space/{held[0].address}/" or told["data"]["url"].startswith(
        "http://localhost:8000/"
    )
    assert one.headers["content-type"] == "application/json"
    assert one.headers["user-agent"].startswith("Twofold/")


def test_message_of_an_address_leads_to_it_in_its_namespace(hook: Hook, receiver: Receiver, project: Project) -> None:
    home = networks.create(child(parent=networks.create(namespaced()), project=project))
    hook(types=["address.allocate"])
    (held,) = addresses.allocate(home, project=project, families=[IPV4])
    deliver()
    assert receiver.requests[0].json["data"]["url"].endswith(f"/addresses/at/{held}/?namespace={project.pk}")


def test_library_of_the_standard_verifies_what_arrives(hook: Hook, receiver: Receiver) -> None:
    hook()
    partitions.create(id="fra")
    deliver()
    (one,) = receiver.requests
    assert Standard(SECRET).verify(one.body, one.headers)["type"] == "partition.create"


def test_for_a_day_after_rotating_both_secrets_sign(hook: Hook, receiver: Receiver, operator: User, later: Go) -> None:
    webhook = hook()
    with as_user(operator):
        _, new = webhooks.rotate(webhook)
    partitions.create(id="fra")
    deliver()
    (first,) = receiver.requests
    assert all(Standard(secret).verify(first.body, first.headers) for secret in (SECRET, new))
    later(timedelta(hours=24, seconds=1))
    partitions.create(id="muc")
    deliver()
    second = receiver.requests[1]
    assert Standard(new).verify(second.body, second.headers)
    with pytest.raises(WebhookVerificationError):
        Standard(SECRET).verify(second.body, second.headers)


def test_only_what_is_asked_for_is_told(
    hook: Hook, receiver: Receiver, internet: Network, tenants: Network, project: Project, stranger: Project
) -> None:
    other = partitions.create(id="other")
    hooks = {
        "types": hook(types=["address.release"]),
        "network": hook(network=internet),
        "project": hook(project=project),
        "partition": hook(partition=Partition(pk="mini-lab")),
        "elsewhere": hook(partition=other),
        "label": hook(label="stage=prod"),
        "label key": hook(label="stage"),
    }
    (mine, *_) = addresses.allocate(internet, project=project, labels={"stage": "prod"})
    addresses.allocate(internet, project=stranger, labels={"stage": "test"})
    networks.update(tenants, name="Tenants")
    addresses.release_allocation(mine.allocation)
    deliver()
    told = {
        name: [(one.type, one.object_id) for one in webhook.deliveries.order_by("pk")]
        for name, webhook in hooks.items()
    }
    allocate, release = ("address.allocate", str(mine.allocation)), ("address.release", str(mine.allocation))
    foreign = ("address.allocate", Event.objects.get(verb="allocate", project_id=stranger.pk).object_id)
    tell_tenants = ("network.update", "tenants")
    assert told == {
        "types": [release],
        "network": [allocate, foreign, release],
        "project": [allocate, release],
        "partition": [allocate, foreign, tell_tenants, release],
        "elsewhere": [],
        "label": [allocate, release],
        "label key": [allocate, foreign, release],
    }


def test_webhook_is_not_told_of_itself(hook: Hook, receiver: Receiver, operator: User) -> None:
    first, second = hook(name="first"), hook(name="second")
    with as_user(operator):
        webhooks.update(second, name="2nd")
    deliver()
    assert [(one.webhook_id, one.type) for one in Delivery.objects.order_by("pk")] == [
        (first.pk, "webhook.create"),
        (first.pk, "webhook.update"),
    ]


def test_nothing_from_before_is_told(hook: Hook, receiver: Receiver) -> None:
    partitions.create(id="fra")
    hook()
    deliver()
    assert receiver.requests == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no clusters")
def test_it_reads_on_in_another_cluster_of_postgresql(hook: Hook, receiver: Receiver) -> None:
    hook()
    partitions.create(id="fra")
    deliver()
    partitions.create(id="muc")
    Event.objects.update(xid=F("xid") + 10**9)  # as a restored database has them
    Webhook.objects.update(feed_xid=F("feed_xid") + 10**9)
    feed.renumber(using="default")
    partitions.create(id="ber")
    deliver()
    assert [one.json["data"]["event"]["object"] for one in receiver.requests] == ["fra", "muc", "ber"]


def test_owner_is_told_of_the_own_project_while_being_a_member(
    hook: Hook, receiver: Receiver, internet: Network, project: Project, stranger: Project
) -> None:
    alice = User.objects.create_user("alice")
    binding = members.grant(alice, Role.OWNER, project=project)
    members.grant(User.objects.create_user("bob"), Role.OWNER, project=project)
    hook(by=alice, project=project)
    addresses.allocate(internet, project=project)
    addresses.allocate(internet, project=stranger)
    deliver()
    addresses.allocate(internet, project=project)
    deliveries.distribute()
    members.withdraw(binding)
    addresses.allocate(internet, project=project)
    deliver()
    assert receiver.types == ["address.allocate"]
    assert states() == ["delivered", "set_aside"]  # what was written before, and nothing after


def test_nobody_is_told_when_who_made_it_may_not_sign_in(hook: Hook, receiver: Receiver, operator: User) -> None:
    hook()
    operator.is_active = False
    operator.save()
    partitions.create(id="fra")
    deliver()
    assert receiver.requests == []


def test_who_switches_it_on_again_stands_for_one_who_may_not_sign_in(
    hook: Hook, receiver: Receiver, operator: User
) -> None:
    webhook = hook(by=User.objects.create_superuser("gone"))
    User.objects.filter(username="gone").update(is_active=False)
    with as_user(operator):
        webhooks.update(webhook, enabled=False)
        webhooks.update(webhook, enabled=True)
    partitions.create(id="fra")
    deliver()
    assert receiver.types == ["partition.create"]


def test_message_is_no_longer_than_20_kb(hook: Hook, receiver: Receiver) -> None:
    hook()
    long = {f"label-{n}": "x" * 2000 for n in range(30)}
    partitions.create(id="fra", labels=long)
    partitions.create(id="muc", labels=dict(list(long.items())[:6]))
    deliver()
    first, second = (one.json["data"] for one in sorted(receiver.requests, key=lambda one: b"muc" in one.body))
    assert max(len(one.body) for one in receiver.requests) <= 20_000
    assert (first["object"], first["event"]["changes"], first["event"]["object"]) == (None, {}, "fra")
    assert (second["object"], len(second["event"]["changes"]["labels"][1])) == (None, 6)


def test_ping_is_sent_on_request_whatever_is_asked_for(hook: Hook, receiver: Receiver, operator: User) -> None:
    webhook = hook(types=["address.release"])
    with as_user(operator):
        webhooks.test(webhook), webhooks.test(webhook)
    deliver()
    assert receiver.types == ["webhook.ping"]
    assert receiver.requests[0].json["data"] == {
        "event": None, "object": None, "url": f"http://localhost:8000/webhooks/{webhook.pk}/",
    }  # fmt: skip


def test_alert_is_told_once_though_it_is_both_asked_for_and_enqueued(hook: Hook, receiver: Receiver) -> None:
    both, destination = hook(types=["alert.firing"]), hook(types=["address.release"])
    told = {"told": [False, True]}
    event = Event.objects.create(kind="alert", verb="fire", object_id="7", door="command", changes=told)
    for webhook in (both, destination):
        deliveries.enqueue(webhook, [event])
    deliver()
    assert sorted(receiver.types) == ["alert.firing", "alert.firing"]
    assert set(receiver.requests[0].json["data"]) == {"event", "alert", "url"}


def test_quota_is_told_with_what_it_is_now(hook: Hook, receiver: Receiver, project: Project) -> None:
    hook(types=["quota.create"])
    quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=10)
    deliver()
    assert receiver.requests[0].json["data"]["object"]["limit"] == "10"


@pytest.mark.parametrize("name", ["alert.fire", "alert.clear"])
def test_type_that_is_never_sent_is_refused(name: str, hook: Hook) -> None:
    with pytest.raises(errors.IpamError):
        hook(url="https://1.1.1.1/", types=[name])
