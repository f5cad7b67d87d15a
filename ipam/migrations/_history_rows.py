"""From the JSON lists of events to tenures and mentions: what migration 0013 does with the data."""

import uuid
from importlib import import_module
from itertools import islice

from django.db import models
from django.utils import timezone
from netaddr import IPAddress, IPNetwork

BATCH = 200  # events at a time
AT_ONCE = 5_000  # addresses in a statement, rows in an INSERT
COLUMNS = (
    *("pk", "at", "actor", "door", "verb", "kind", "object_id", "object_name", "network_id", "project_id"),
    *("changes", "holders"),
)
NO_NAMESPACE = {
    "postgresql": "'00000000-0000-0000-0000-000000000000'::uuid",
    "sqlite": "'00000000000000000000000000000000'",
}

_SAME_ADDRESS = """
    tenure.length IS NULL AND tenure.until IS NULL AND tenure.address = held.address
    AND coalesce(tenure.namespace_id, {none}) = coalesce(held.namespace_id, {none})
    AND tenure.network_id = held.network_id AND tenure.project_id = held.project_id
    AND tenure.machine_id = coalesce(held.machine_id, '')
"""
_SAME_BLOCK = """
    tenure.length = held.length AND tenure.until IS NULL AND tenure.address = held.first
    AND coalesce(tenure.namespace_id, {none}) = coalesce(held.namespace_id, {none})
    AND tenure.network_id = held.network_id
"""
# Events tell too much where they were lost, or somebody wrote rows by hand: nobody knows until when.
_END_UNTRUE = [
    "UPDATE ipam_tenure AS tenure SET until = %s WHERE until IS NULL AND length IS NULL AND NOT EXISTS"
    f" (SELECT 1 FROM ipam_ipaddress AS held WHERE {_SAME_ADDRESS})",
    "UPDATE ipam_tenure AS tenure SET until = %s WHERE until IS NULL AND length IS NOT NULL AND NOT EXISTS"
    f" (SELECT 1 FROM ipam_prefix AS held WHERE held.parent_id IS NOT NULL AND {_SAME_BLOCK})",
]
# What an event on several addresses did not say of each.
_COMPLETE = [
    "UPDATE ipam_tenure AS tenure SET name = coalesce(nullif(tenure.name, ''), held.name),"
    " type = coalesce(nullif(tenure.type, ''), held.type), allocation = coalesce(tenure.allocation, held.allocation),"
    " prefix_length = prefix.length FROM ipam_ipaddress AS held JOIN ipam_prefix AS prefix ON prefix.id = held.prefix_id"
    f" WHERE {_SAME_ADDRESS}",
    "UPDATE ipam_tenure AS tenure SET prefix_length = parent.length FROM ipam_prefix AS held"
    f" JOIN ipam_prefix AS parent ON parent.id = held.parent_id WHERE {_SAME_BLOCK}",
]
_INSERT = """
    INSERT INTO ipam_tenure (
        address, length, prefix_length, namespace_id, network_id, project_id, project_name, machine_id, machine_name,
        name, type, allocation, since, from_exact, actor, door
    )
"""
_BEGIN_UNTOLD = [
    f"""{_INSERT}
    SELECT held.address, NULL, prefix.length, held.namespace_id, held.network_id, held.project_id, project.name,
        coalesce(held.machine_id, ''), coalesce(machine.name, ''), held.name, held.type, held.allocation,
        held.created_at, 1 = 0, '', ''
    FROM ipam_ipaddress AS held
    JOIN ipam_prefix AS prefix ON prefix.id = held.prefix_id
    JOIN ipam_project AS project ON project.id = held.project_id
    LEFT JOIN ipam_machine AS machine ON machine.id = held.machine_id
    WHERE NOT EXISTS (SELECT 1 FROM ipam_tenure AS tenure WHERE {_SAME_ADDRESS})
    """,
    f"""{_INSERT}
    SELECT held.first, held.length, parent.length, held.namespace_id, held.network_id, network.project_id,
        coalesce(project.name, ''), '', '', network.name, network.type, NULL, held.created_at, 1 = 0, '', ''
    FROM ipam_prefix AS held
    JOIN ipam_prefix AS parent ON parent.id = held.parent_id
    JOIN ipam_network AS network ON network.id = held.network_id
    LEFT JOIN ipam_project AS project ON project.id = network.project_id
    WHERE NOT EXISTS (SELECT 1 FROM ipam_tenure AS tenure WHERE {_SAME_BLOCK})
    """,
]


def fill(apps, schema_editor):
    connection = schema_editor.connection
    replay = _Replay(apps, connection.alias)
    last = 0
    while events := list(replay.events.filter(pk__gt=last).order_by("pk").only(*COLUMNS[1:])[:BATCH]):
        replay.run(events)
        last = events[-1].pk
    none = NO_NAMESPACE[connection.vendor]
    if connection.vendor == "postgresql":
        # The planner knows nothing of rows of this transaction, and would look through all of them for each row.
        schema_editor.execute("ANALYZE ipam_tenure")
        schema_editor.execute("SET LOCAL enable_nestloop = off")
    now = models.DateTimeField().get_db_prep_save(timezone.now(), connection)
    with connection.cursor() as cursor:
        for statement in _END_UNTRUE:
            cursor.execute(statement.format(none=none), [now])
        for statement in [*_COMPLETE, *_BEGIN_UNTOLD]:
            cursor.execute(statement.format(none=none))
    if connection.vendor == "postgresql":
        schema_editor.execute("RESET enable_nestloop")
    connection.check_constraints()  # with checks pending, PostgreSQL alters no table


class _Replay:
    """Events, the oldest first, as the tenures that they began and ended."""

    def __init__(self, apps, alias):
        def of(model):
            return apps.get_model("ipam", model).objects.using(alias)

        self.events, self.tenures, self.mentions = of("Event"), of("Tenure"), of("Mention")
        self.names = {("project", str(key)): name for key, name in of("Project").values_list("pk", "name")}
        self.names |= {("machine", key): name for key, name in of("Machine").exclude(name="").values_list("pk", "name")}
        namespaced = of("Network").exclude(namespace=None)
        self.namespaces = dict(namespaced.values_list("pk", "namespace_id"))
        for key, changes in self.events.filter(kind="network", verb="delete").values_list("object_id", "changes"):
            if namespace := (changes.get("namespace") or [None])[0]:
                self.namespaces[key] = uuid.UUID(namespace)
        first = self.events.order_by("at").first()
        self.oldest = first.at if first else None

    def run(self, events):
        moves = ((event, *move) for event in events for move in self._moves(event))
        while some := list(islice(moves, AT_ONCE)):
            self._follow_all(some)
        mentions = self._mentions(events)
        while some := list(islice(mentions, AT_ONCE)):
            self.mentions.bulk_create(some)

    def _follow_all(self, moves):
        self.open = self._open_ones({address for _, _, address, *_ in moves})
        self.new, self.ended = [], {}
        for move in moves:
            self._follow(*move)
        for (event, at), keys in self.ended.items():
            for start in range(0, len(keys), AT_ONCE):
                some = keys[start : start + AT_ONCE]
                self.tenures.filter(pk__in=some).update(until=at, ended_by=event)
        self.tenures.bulk_create(self.new)

    def _moves(self, event):
        """(network, address, length, whether it was held, columns of who holds it then or None)."""
        if event.kind in ("project", "machine") and event.object_name:
            self.names[event.kind, event.object_id] = event.object_name
        if event.kind == "network":
            yield from self._moves_of_blocks(event)
        words = {name: (event.changes.get(name) or ["", ""])[1] or "" for name in ("name", "type")}
        allocation = event.object_id if event.kind == "address" and event.object_id else None
        for group in event.holders:
            before, after = group["before"], group["after"]
            if before != after:
                then = after and {**self._holder(after), **words, "allocation": allocation}
                for text in group["addresses"]:
                    yield group["network"], IPAddress(text), None, before and self._holder(before), then

    def _moves_of_blocks(self, event):
        """Of child networks: those that were carved from a parent, gained a family, or went."""
        before, after = event.changes.get("prefixes") or ([], [])
        if namespace := (event.changes.get("namespace") or [None, None])[1]:
            self.namespaces[event.object_id] = uuid.UUID(namespace)
        if event.verb not in ("carve", "add-family") and "parent" not in event.changes:
            return
        holder = {"project_id": event.project_id, "name": event.object_name}
        holder |= {"project_name": self.names.get(("project", str(event.project_id)), "")}
        kind = {"type": (event.changes.get("type") or ["", "child"])[1] or ""}
        for text in {*(before or ()), *(after or ())}:
            was, is_ = text in (before or ()), text in (after or ())
            if was != is_:
                cidr = IPNetwork(text)
                first = IPAddress(cidr.first, cidr.version)
                yield event.object_id, first, cidr.prefixlen, was and holder, is_ and {**holder, **kind}

    def _holder(self, holder):
        project, machine = holder["project"], holder["machine"] or ""
        return {
            "project_id": project,
            "project_name": self.names.get(("project", project), ""),
            "machine_id": machine,
            "machine_name": self.names.get(("machine", machine), ""),
        }

    def _open_ones(self, addresses):
        found, addresses = {}, list(addresses)
        for start in range(0, len(addresses), AT_ONCE):
            for one in self.tenures.filter(until=None, address__in=addresses[start : start + AT_ONCE]):
                found[one.namespace_id, one.address, one.length] = one
        return found

    def _follow(self, event, network, address, length, before, after):
        key = self.namespaces.get(network), address, length
        known = self.open.pop(key, None)
        if known is None and before:  # when it began is forgotten
            known = self._tenure(key, network, since=self._freed(key, event), from_exact=False, **before)
            self.new.append(known)
        if known is not None:
            known.until, known.ended_by = event.at, event.pk
            if known.pk:
                self.ended.setdefault((event.pk, event.at), []).append(known.pk)
        if after:
            exact = event.verb != "import"
            columns = {"begun_by": event.pk, "actor": event.actor, "door": event.door, **after}
            self.open[key] = self._tenure(key, network, since=event.at, from_exact=exact, **columns)
            self.new.append(self.open[key])

    def _freed(self, key, event):
        """Since all history; a block, whose carving need not have an event, since it was held by somebody else."""
        namespace_id, address, length = key
        if length is None:
            return min(self.oldest, event.at)
        before = self.tenures.filter(namespace_id=namespace_id, address=address, length=length, until__lte=event.at)
        return before.aggregate(last=models.Max("until"))["last"] or min(self.oldest, event.at)

    def _tenure(self, key, network, **columns):
        namespace_id, address, length = key
        return self.tenures.model(
            address=address, length=length, namespace_id=namespace_id, network_id=network, **columns
        )

    def _mentions(self, events):
        """Addresses whose holders stayed, and the networks of what was about several."""
        for event in events:
            networks = {group["network"] for group in event.holders} if not event.network_id else ()
            found = [(network, None) for network in networks]
            for group in event.holders:
                if group["before"] == group["after"]:
                    found += [(group["network"], IPAddress(text)) for text in group["addresses"]]
            for network, address in found:
                yield self.mentions.model(event=event, network_id=network, address=address)


def drop_indexes(apps, schema_editor):
    """PostgreSQL's go with their columns."""
    if schema_editor.connection.vendor == "sqlite":
        for name in ("event_terms_on_insert", "event_terms_on_delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
        schema_editor.execute("DROP TABLE ipam_event_term")


def make_indexes(apps, schema_editor):
    import_module("ipam.migrations.0002_event").index_json(apps, schema_editor)
