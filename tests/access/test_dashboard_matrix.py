"""Every page of the dashboard, for everybody: what the table of roles says, and no word of what is foreign."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from ipam.domain.core.permissions import Permission
from ipam.domain.files import kinds
from ipam.models import Event
from ipam.models.saved_views import ListPage
from tests.access.conftest import FURTHER_SERVICES, ROLES, Cloud, allocation_of
from tests.access.places import EVERYBODYS, FOREIGN, NEW, OWN, PLATFORMS, answer
from tests.access.rest_cases import CASES, allocated, halves, held, own_finding, soon
from tests.access.test_rest_matrix import client_of
from tests.shoots import SHOOT
from tests.webui.test_pages import MAX_STATEMENTS
from webui import urls
from webui.choices import OFFERED

READ, ALLOCATE, MANAGE, OPERATE = Permission.READ, Permission.ALLOCATE, Permission.MANAGE, Permission.OPERATE
Args = Callable[[Cloud], list[Any]]
Page = tuple[str, Args, Permission, str]
_SAID = {200: "done", 204: "done", 403: "forbidden", 404: "absent"}


def nothing(cloud: Cloud) -> list[Any]:
    return []


def on_network(name: str, permission: Permission) -> list[Page]:
    more = ["ipv6"] if name in ("add-family", "complete") else []
    own = OWN if permission in (READ, ALLOCATE) else EVERYBODYS
    pages: list[Page] = [
        (name, lambda c: [c.empty.pk if name == "add-family" else c.private.pk, *more], permission, own),
        (name, lambda c: [c.foreign.pk, *more], permission, FOREIGN),
    ]
    return pages


def on_cluster(name: str, permission: Permission, *more: str) -> list[Page]:
    return [
        (name, lambda c: [c.cluster.pk, *more], permission, OWN),
        (name, lambda c: [c.foreign_cluster.pk, *more], permission, FOREIGN),
    ]


def on_webhook(name: str, permission: Permission) -> list[Page]:
    return [
        (name, lambda c: [c.webhook.pk], permission, OWN),
        (name, lambda c: [c.foreign_webhook.pk], permission, FOREIGN),
        (name, lambda c: [c.platform_webhook.pk], OPERATE if permission is MANAGE else READ, PLATFORMS),
    ]


# Whoever may allocate somewhere is offered the form for what everybody takes from; it asks for which project.
ANYWHERE = "anywhere"

CARDS = [
    ("networks", "private", "foreign"),
    ("addresses", "address", "foreign_address"),
    ("machines", "machine", "foreign_machine"),
    ("clusters", "cluster", "foreign_cluster"),
    ("projects", "project", "foreign_project"),
]
PAGES: list[Page] = [
    *((name, nothing, READ, NEW) for name in ("overview", "findings", "activity", "networks", "addresses", "machines")),
    *((name, nothing, READ, NEW) for name in ("clusters", "pairs", "work", "news", "complete-all")),
    *(("choices", lambda c, kind=kind: [kind], READ, NEW) for kind in OFFERED),
    *((name, nothing, READ, NEW) for name in ("projects", "partitions", "vrfs", "tokens", "search", "docs", "schema")),
    ("handbook", nothing, READ, NEW),
    *(("save-view", lambda c, page=page: [page], READ, NEW) for page in ListPage),
    ("handbook-chapter", lambda c: ["operations"], READ, NEW),
    *((name, nothing, READ, NEW) for name in ("account", "change-password", "sign-out-everywhere")),
    *on_network("network", READ),
    *on_network("map", READ),
    *(("network", lambda c, key=key: [key], READ, EVERYBODYS) for key in ("tenants", "internet")),
    *(("map", lambda c, key=key: [key], READ, EVERYBODYS) for key in ("tenants", "internet")),
    *on_network("network-history", READ),
    *on_network("ranges", READ),
    ("soonest", nothing, READ, NEW),
    *(("address-state", lambda c, a=a: [str(getattr(c, a))], READ, NEW) for a in ("address", "foreign_address")),
    ("block-state", lambda c: [str(c.private.prefixes.in_order().first())], READ, NEW),
    ("block-state", lambda c: [str(c.foreign.prefixes.in_order().first())], READ, NEW),
    *on_network("edit-network", ALLOCATE),
    *on_network("delete-network", ALLOCATE),
    *on_network("add-prefix", ALLOCATE),
    *on_network("add-family", ALLOCATE),
    *on_network("complete", ALLOCATE),
    ("edit-network", lambda c: [c.internet.pk], OPERATE, EVERYBODYS),
    ("delete-network", lambda c: [c.internet.pk], OPERATE, EVERYBODYS),
    ("add-prefix", lambda c: [c.internet.pk], OPERATE, EVERYBODYS),
    ("complete", lambda c: [c.internet.pk, "ipv6"], OPERATE, EVERYBODYS),
    ("create-network", nothing, OPERATE, NEW),
    ("allocate", lambda c: [c.internet.pk], ALLOCATE, ANYWHERE),
    ("carve", lambda c: ["tenants"], ALLOCATE, ANYWHERE),
    ("allocate-machine", nothing, ALLOCATE, ANYWHERE),
    ("create-cluster", nothing, ALLOCATE, ANYWHERE),
    *on_cluster("cluster", READ),
    *on_cluster("manifest", READ, "kubeadm"),
    *on_cluster("cluster-documents", READ),
    *on_cluster("cluster-belongings", READ),
    *on_cluster("edit-cluster", ALLOCATE),
    *on_cluster("cluster-families", ALLOCATE),
    ("register-cluster", nothing, ALLOCATE, ANYWHERE),
    *on_cluster("compare-cluster", ALLOCATE),
    *on_cluster("act-on-cluster", ALLOCATE, "release"),
    *on_cluster("take-load-balancer-addresses", ALLOCATE),
    *on_cluster("take-api-addresses", ALLOCATE),
    *on_cluster("add-services", ALLOCATE),
    *on_cluster("remove-services", ALLOCATE, FURTHER_SERVICES),
    ("give-back-of-cluster", lambda c: [c.cluster.pk, c.address.allocation], ALLOCATE, OWN),
    ("give-back-of-cluster", lambda c: [c.foreign_cluster.pk, c.foreign_address.allocation], ALLOCATE, FOREIGN),
    ("act-on-cluster", lambda c: [c.cluster.pk, "announce"], OPERATE, OWN),
    ("address", lambda c: [c.address.pk], READ, OWN),
    ("address", lambda c: [c.foreign_address.pk], READ, FOREIGN),
    ("edit-address", lambda c: [c.address.pk], ALLOCATE, OWN),
    ("edit-address", lambda c: [c.foreign_address.pk], ALLOCATE, FOREIGN),
    ("attach-address", lambda c: [c.address.pk], ALLOCATE, OWN),
    ("attach-address", lambda c: [c.foreign_address.pk], ALLOCATE, FOREIGN),
    ("release", lambda c: [c.address.allocation], ALLOCATE, OWN),
    ("release", lambda c: [c.foreign_address.allocation], ALLOCATE, FOREIGN),
    ("machine", lambda c: [c.machine.pk], READ, OWN),
    ("machine", lambda c: [c.foreign_machine.pk], READ, FOREIGN),
    ("edit-machine", lambda c: [c.machine.pk], ALLOCATE, OWN),
    ("edit-machine", lambda c: [c.foreign_machine.pk], ALLOCATE, FOREIGN),
    ("release-machine", lambda c: [c.machine.pk], ALLOCATE, OWN),
    ("release-machine", lambda c: [c.foreign_machine.pk], ALLOCATE, FOREIGN),
    ("registry-detail", lambda c: ["projects", c.project.pk], READ, OWN),
    ("registry-detail", lambda c: ["projects", c.foreign_project.pk], READ, FOREIGN),
    ("registry-detail", lambda c: ["vrfs", c.foreign.vrf_id], READ, FOREIGN),
    ("registry-detail", lambda c: ["partitions", "mini-lab"], READ, EVERYBODYS),
    ("registry-edit", lambda c: ["projects", c.project.pk], MANAGE, OWN),
    ("registry-edit", lambda c: ["projects", c.foreign_project.pk], MANAGE, FOREIGN),
    ("registry-edit", lambda c: ["partitions", "mini-lab"], OPERATE, EVERYBODYS),
    ("registry-delete", lambda c: ["projects", c.project.pk], OPERATE, OWN),
    ("registry-delete", lambda c: ["partitions", "mini-lab"], OPERATE, EVERYBODYS),
    *(("registry-create", lambda c, kind=kind: [kind], OPERATE, NEW) for kind in ("projects", "partitions", "vrfs")),
    ("members", lambda c: [c.project.pk], READ, OWN),
    ("members", lambda c: [c.foreign_project.pk], READ, FOREIGN),
    ("service-account", lambda c: [c.project.pk, c.robot.user_id], MANAGE, OWN),
    *((name, nothing, READ, NEW) for name in ("alerts", "firing", "alert-rules")),
    *((f"{verb}-alert", lambda c: [c.alert.pk], MANAGE, OWN) for verb in ("acknowledge", "snooze")),
    *((f"{verb}-alert", lambda c: [c.foreign_alert.pk], MANAGE, FOREIGN) for verb in ("acknowledge", "snooze")),
    ("create-alert-rule", nothing, OPERATE, NEW),
    *((f"{verb}-alert-rule", lambda c: [c.rule.pk], OPERATE, PLATFORMS) for verb in ("edit", "delete", "snooze")),
    ("webhooks", nothing, READ, NEW),
    ("create-webhook", nothing, MANAGE, ANYWHERE),
    *on_webhook("webhook", READ),
    *(page for verb in ("edit", "rotate", "delete") for page in on_webhook(f"{verb}-webhook", MANAGE)),
    ("create-quota", lambda c: [c.project.pk], OPERATE, OWN),
    ("create-quota", lambda c: [c.foreign_project.pk], OPERATE, FOREIGN),
    *((page, lambda c: [c.quota.pk], OPERATE, OWN) for page in ("edit-quota", "delete-quota")),
    *((page, lambda c: [c.foreign_quota.pk], OPERATE, FOREIGN) for page in ("edit-quota", "delete-quota")),
    *on_network("change-prefix", ALLOCATE),
    *on_network("move-network", ALLOCATE),
    ("move-allocation", lambda c: [c.address.allocation], ALLOCATE, OWN),
    ("move-allocation", lambda c: [c.foreign_address.allocation], ALLOCATE, FOREIGN),
    ("claims", nothing, READ, NEW),
    ("edit-prefix", lambda c: [c.prefix.pk], ALLOCATE, OWN),
    ("edit-prefix", lambda c: [c.foreign_prefix.pk], ALLOCATE, FOREIGN),
    ("create-range", lambda c: [c.private.pk], ALLOCATE, OWN),
    ("create-range", lambda c: [c.foreign.pk], ALLOCATE, FOREIGN),
    *((page, lambda c: [c.range.pk], ALLOCATE, OWN) for page in ("edit-range", "delete-range")),
    *((page, lambda c: [c.foreign_range.pk], ALLOCATE, FOREIGN) for page in ("edit-range", "delete-range")),
    *(page for kind, own, foreign in CARDS for page in (
        ("card", lambda c, kind=kind, own=own: [kind, getattr(c, own).pk], READ, OWN),
        ("card", lambda c, kind=kind, foreign=foreign: [kind, getattr(c, foreign).pk], READ, FOREIGN),
    )),
    *(("address-card", lambda c, a=a: [str(getattr(c, a))], READ, NEW) for a in ("address", "foreign_address")),
    ("block-card", lambda c: [str(c.private.prefixes.in_order().first())], READ, NEW),
    ("block-card", lambda c: [str(c.foreign.prefixes.in_order().first())], READ, NEW),
    ("imports", nothing, OPERATE, NEW),
    ("import-example", lambda c: ["addresses"], OPERATE, NEW),
    *(("export", lambda c, kind=kind: [kind, "csv"], READ, NEW) for kind in kinds.KINDS),
    ("export", lambda c: ["zones", "zone"], READ, NEW),
    ("export", lambda c: ["inventory", "yaml"], READ, NEW),
]  # fmt: skip

# Pages that only write, and what is sent to them; `test_no_page_writes_for…` sends it to them.
WRITES: dict[str, tuple[Args, Callable[[Cloud], dict[str, Any]]]] = {
    "act-on-addresses": (nothing, lambda c: {"allocation": [c.address.allocation], "action": "release"}),
    "undo": (lambda c: [allocated(c.address)], lambda c: {}),
    "import-apply": (nothing, lambda c: {}),
    "import-refused": (nothing, lambda c: {}),
    "acknowledge-alert": (lambda c: [c.alert.pk], lambda c: {"reason": "known"}),
    "snooze-alert": (lambda c: [c.alert.pk], lambda c: {"reason": "known", "until": soon()[:16]}),
    "mark-finding": (lambda c: ["accept"], lambda c: {"reason": "known"}),
    "create-alert-rule": (
        nothing,
        lambda c: {"name": "n", "watch": "pool", "fire": "1", "clear": "2", "severity": "info"},
    ),
    "edit-alert-rule": (lambda c: [c.rule.pk], lambda c: {"name": "n", "fire": "9", "clear": "8", "severity": "info"}),
    "delete-alert-rule": (lambda c: [c.rule.pk], lambda c: {}),
    "snooze-alert-rule": (lambda c: [c.rule.pk], lambda c: {"reason": "known", "until": soon()[:16]}),
    "switch-alert-rule": (lambda c: [c.rule.pk], lambda c: {}),
    "test-alert-rule": (lambda c: [c.rule.pk], lambda c: {}),
    "withdraw": (lambda c: [c.project.pk, User.objects.get(username="viewer").pk], lambda c: {}),
    "revoke-account-token": (lambda c: [c.project.pk, c.robot.user_id, c.robot.user.api_tokens.get().pk], lambda c: {}),
    "revoke-token": (lambda c: [c.robot.user.api_tokens.get().pk], lambda c: {}),
    "rename-view": (lambda c: [1], lambda c: {"name": "x"}),
    "delete-view": (lambda c: [1], lambda c: {}),
    "release": (lambda c: [c.address.allocation], lambda c: {}),
    "part": (lambda c: [held(c.machine)[0].allocation], lambda c: {}),
    "join": (nothing, lambda c: halves(c.machine)),
    "edit-address": (lambda c: [c.address.pk], lambda c: {"name": "x", "type": "static"}),
    "attach-address": (lambda c: [c.address.pk], lambda c: {"machine": c.machine.pk}),
    "take-off-address": (
        lambda c: [c.machine.addresses.filter(type="static")[0].pk],
        lambda c: {"machine": c.machine.pk},
    ),
    "edit-machine": (lambda c: [c.machine.pk], lambda c: {"name": "x"}),
    "release-machine": (lambda c: [c.machine.pk], lambda c: {}),
    "delete-network": (lambda c: [c.empty.pk], lambda c: {}),
    "edit-network": (lambda c: [c.private.pk], lambda c: {"name": "x", "stack": "dual", "nat_type": "none"}),
    "add-family": (lambda c: [c.empty.pk, "ipv6"], lambda c: {}),
    "complete": (lambda c: [c.private.pk, "ipv6"], lambda c: {}),
    "add-prefix": (lambda c: [c.internet.pk], lambda c: {"prefix": "198.51.100.0/24"}),
    "create-network": (
        nothing,
        lambda c: {
            "type": "external",
            "id": "dmz",
            "vrf": 9,
            "prefixes": "198.51.100.0/24",
            "stack": "dual",
            "nat_type": "none",
        },
    ),
    "allocate": (
        lambda c: [c.internet.pk],
        lambda c: {"project": c.project.pk, "families": "both", "count": 1, "type": "static"},
    ),
    "carve": (lambda c: ["tenants"], lambda c: {"project": c.project.pk, "type": "child", "families": "both"}),
    "allocate-machine": (
        nothing,
        lambda c: {"project": c.project.pk, "partition": "mini-lab", "role": "machine", "networks": [c.private.pk]},
    ),
    "create-cluster": (
        nothing,
        lambda c: {
            **{"name": "new", "project": c.project.pk, "parent": "tenants", "families": "ipv4", "wanted_nodes": 3},
            **{"max_pods": 110, "platform": "gardener", "kubernetes_version": "1.33"},
        },
    ),
    "edit-cluster": (
        lambda c: [c.cluster.pk],
        lambda c: {"kubernetes_version": "1.33", "max_pods": 100, "wanted_nodes": 30, "description": "x"},
    ),
    "cluster-families": (lambda c: [c.cluster.pk], lambda c: {"roll_nodes": "on"}),
    "register-cluster": (nothing, lambda c: {"project": c.project.pk, "network": c.private.pk, "document": SHOOT}),
    "compare-cluster": (lambda c: [c.cluster.pk], lambda c: {"document": SHOOT}),
    "cluster-migration": (lambda c: [c.cluster.pk], lambda c: {"done": "spec"}),
    "act-on-cluster": (lambda c: [c.cluster.pk, "release"], lambda c: {}),
    "take-load-balancer-addresses": (lambda c: [c.cluster.pk], lambda c: {"network": "internet", "count": 1}),
    "take-api-addresses": (lambda c: [c.cluster.pk], lambda c: {"network": "internet"}),
    "add-services": (lambda c: [c.cluster.pk], lambda c: {"ipv4": "192.168.200.0/24"}),
    "remove-services": (lambda c: [c.cluster.pk, FURTHER_SERVICES], lambda c: {}),
    "give-back-of-cluster": (lambda c: [c.cluster.pk, allocation_of(c.cluster)], lambda c: {}),
    "create-webhook": (nothing, lambda c: {"url": "https://1.1.1.1/", "project": c.project.pk}),
    "edit-webhook": (lambda c: [c.webhook.pk], lambda c: {"url": "https://1.1.1.1/", "project": c.project.pk}),
    "rotate-webhook": (lambda c: [c.webhook.pk], lambda c: {}),
    "switch-webhook": (lambda c: [c.webhook.pk], lambda c: {}),
    "delete-webhook": (lambda c: [c.webhook.pk], lambda c: {}),
    "test-webhook": (lambda c: [c.webhook.pk], lambda c: {}),
    "resend": (lambda c: [c.delivery.pk], lambda c: {}),
    "registry-create": (lambda c: ["projects"], lambda c: {"name": "x"}),
    "registry-edit": (lambda c: ["projects", c.project.pk], lambda c: {"name": "x"}),
    "registry-delete": (lambda c: ["partitions", "spare"], lambda c: {}),
    "members": (lambda c: [c.project.pk], lambda c: {"user": "nobody", "role": "viewer"}),
    "create-quota": (
        lambda c: [c.project.pk],
        lambda c: {"address_family": "ipv6", "resource": "networks", "limit": "9"},
    ),
    "create-range": (
        lambda c: [c.private.pk],
        lambda c: {"first": c.prefix.first, "last": c.prefix.first, "use": "dhcp"},
    ),
    "edit-prefix": (lambda c: [c.prefix.pk], lambda c: {"gateway": str(c.prefix.cidr[9])}),
    "edit-range": (lambda c: [c.range.pk], lambda c: {"use": "growth"}),
    "change-prefix": (
        lambda c: [c.private.pk],
        lambda c: {"cidr": c.prefix, "change": "split", "length": c.prefix.length + 1},
    ),
    "delete-range": (lambda c: [c.range.pk], lambda c: {}),
    "move-network": (lambda c: [c.private.pk], lambda c: {"project": c.project.pk, "vrf": 4040}),
    "move-allocation": (lambda c: [c.address.allocation], lambda c: {"project": c.foreign_project.pk}),
    "edit-quota": (lambda c: [c.quota.pk], lambda c: {"limit": "901"}),
    "delete-quota": (lambda c: [c.quota.pk], lambda c: {}),
    "service-account": (lambda c: [c.project.pk, c.robot.user_id], lambda c: {"name": "x", "days": "90"}),
}
# Metrics are for whoever has their own token.
_OF_EVERYBODY = {"login", "logout", "provider", "provider-callback", "metrics"}


@pytest.fixture
def signed_in(client: Client, people: dict[str, User]) -> Callable[[str], Client]:
    def sign_in(role: str) -> Client:
        client.force_login(people[role])
        return client

    return sign_in


def page(name: str, args: Args, cloud: Cloud) -> str:
    """Where a write goes; a finding is named behind it."""
    about = f"?key={own_finding(cloud.project)}" if name == "mark-finding" else ""
    return reverse(name, args=args(cloud)) + about


def expected(role: str, permission: Permission, place: str, takes_a_network: bool) -> str:
    if place != ANYWHERE:
        return answer(role, permission, place)
    if role == "nobody":
        return "absent" if takes_a_network else "forbidden"
    editors = () if permission is MANAGE else ("editor",)
    return "done" if role in ("operator", "owner", "stranger", *editors) else "forbidden"


def test_every_page_is_walked() -> None:
    named = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    assert {name for name, *_ in PAGES} | set(WRITES) | _OF_EVERYBODY == named


@pytest.mark.parametrize("role", ROLES)
def test_every_page_answers_everybody_as_the_table_says(
    role: str, size: str, two: Cloud, signed_in: Callable[[str], Client]
) -> None:
    web = signed_in(role)
    answers = {
        (name, n, place): web.get(reverse(name, args=args(two))).status_code
        for n, (name, args, _, place) in enumerate(PAGES)
    }
    found = {key: _SAID.get(status, status) for key, status in answers.items()}
    wanted = {
        (name, n, place): expected(role, permission, place, bool(args(two)))
        for n, (name, args, permission, place) in enumerate(PAGES)
    }
    assert found == wanted


def test_page_costs_a_member_no_more_statements_than_anybody(
    size: str, owning: Cloud, signed_in: Callable[[str], Client]
) -> None:
    web = signed_in("editor")
    costs = {}
    for name, args, permission, place in PAGES:
        if expected("editor", permission, place, bool(args(owning))) == "done":
            with CaptureQueriesContext(connection) as captured:
                web.get(reverse(name, args=args(owning)))
            costs[name] = max(len(captured), costs.get(name, 0))
    assert {name: cost for name, cost in costs.items() if cost > MAX_STATEMENTS} == {}


@pytest.mark.parametrize("role", ["auditor", "viewer", "stranger", "nobody"])
def test_no_page_writes_for_who_may_not(role: str, owning: Cloud, signed_in: Callable[[str], Client]) -> None:
    web, before = signed_in(role), Event.objects.count()
    for name, (args, body) in WRITES.items():
        web.post(page(name, args, owning), body(owning))
        assert Event.objects.count() == before, name


def test_every_page_writes_for_operators(owning: Cloud, signed_in: Callable[[str], Client]) -> None:
    web, before = signed_in("operator"), Event.objects.count()
    written = set()
    for name, (args, body) in WRITES.items():
        with transaction.atomic():
            web.post(page(name, args, owning), {**body(owning), "confirmed": "1"})
            if Event.objects.count() > before:
                written.add(name)
            transaction.set_rollback(True)
    # Nothing lacks a family here, no file was previewed, the token is not the operator's own, they have saved no view,
    # the rule tells nobody, no cluster is on its way; what is sent is no event, nor are refused rows as a file.
    left = {"complete", "import-apply", "import-refused", "revoke-token", "test-alert-rule", "test-webhook", "resend"}
    left |= {"cluster-migration", "rename-view", "delete-view"}
    assert set(WRITES) - written == left


@pytest.mark.parametrize("role", ["owner", "viewer", "nobody"])
def test_no_answer_says_a_word_of_what_is_foreign(
    role: str, size: str, two: Cloud, people: dict[str, User], signed_in: Callable[[str], Client]
) -> None:
    web, api = signed_in(role), client_of(people[role])
    foreign = [two.foreign_project.pk, two.foreign.pk, two.foreign_machine.pk, two.foreign_address.pk, "mallory"]
    foreign += [two.foreign_cluster.pk, two.foreign_claim.pk, two.foreign_quota.pk, *two.foreign_cluster.pods.values()]
    reads = [reverse(name, args=args(two)) for name, args, _, place in PAGES if place != FOREIGN]
    reads += [f"/search/?q={text}&all=1" for text in ("mall", two.foreign_address, "203.0.113.0/24", "10.0.")]
    reads += ["/networks/internet/map/?ipv4=203.0.113.128/25", "/networks/?open=tenants"]
    lists = [f"/api/v1/{kind}/" for kind in ("networks", "prefixes", "ips", "machines", "projects", "vrfs", "events")]
    lists += ["/api/v1/clusters/", "/api/v1/claims/", "/api/v1/quotas/", "/api/v1/findings/", "/api/v1/forecasts/"]
    lists += ["/api/v1/alerts/"]
    lists += ["/api/v1/tenures/?within=0.0.0.0/0", "/api/v1/tenures/?within=::/0", "/api/v1/tenures/?network=internet"]
    lists += [f"/api/v1/{question}{two.foreign_address}" for question in ("tenures/?ip=", "tenures/?within=")]
    lists += [f"/api/v1/addresses/{two.foreign_address}/"]
    lists += [f"/api/v1/search/?q={text}" for text in ("mall", two.foreign_address, "203.0.113.0/24", "10.0.")]
    bodies = {url: _text(web.get(url)) for url in reads} | {url: _text(api.get(url)) for url in lists}
    bodies |= {
        f"{case.method} {case.route}": _text(getattr(api, case.method)(f"/api/v1/{case.url(two)}"))
        for case in CASES
        if case.method == "get" and case.place != FOREIGN
    }
    found = {(url, str(word)) for url, body in bodies.items() for word in foreign if str(word) in body}
    assert {pair for pair in found if pair[1] not in pair[0]} == set()


def _text(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode())
