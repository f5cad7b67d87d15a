"""One address of each family out of free space or one back, with its rows and its event, by one call of PostgreSQL.

What rules say is said before, in `addresses`; here is only what follows, as `allocator`, `releasing` and `tenures` have
it for all else and for SQLite (`tests/api/test_both_ways.py` compares them). Rows come as JSON by the names of their
columns, so a new column needs no word here. Where others hold what is needed, or a quota is used up, nothing happens,
and those do it.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from ipam.domain.core import counters, tenures
from ipam.domain.networks import quotas
from ipam.domain.space import allocator
from ipam.fields import from_bytes
from ipam.models import Event, IPAddress, Network
from ipam.models.feed import WritingTransaction

_json = json.JSONEncoder(default=str, ensure_ascii=False).encode
# The bit of a stored address that tells the two halves of a block apart, each of this prefix length.
_BIT = "(15 + (({length} - 1) / 8 * 8) - ({length} - 1) % 8)"
_BUDDY = "prefix_id = one.prefix_id AND namespace_id IS NULL AND length = size AND first = buddy"
_ASKED = "asked[1]", "= ANY (SELECT family FROM unnest(asked))"
# The prefix, which is locked, where it does not let the address be free: that lies in a range, or has to cool.
_SETS_ASIDE = """SELECT FROM ipam_prefix AS held_in WHERE id = one.prefix_id AND sets_aside AND (
      (SELECT quarantine <> '{}' FROM ipam_network WHERE id = held_in.network_id) OR one.address <= (
        SELECT last FROM ipam_addressrange WHERE prefix_id = held_in.id AND first <= one.address
        ORDER BY first DESC LIMIT 1))"""
# No scan: a plan is kept, also one of a time when the table was small.
_TAKE = f"""
CREATE OR REPLACE FUNCTION ipam_take(told jsonb, wanted jsonb)
RETURNS TABLE (taken bytea, source bigint, source_length smallint)
LANGUAGE plpgsql SET enable_seqscan TO off AS $function$
DECLARE
  event ipam_event := jsonb_populate_record(NULL::ipam_event, told);
  asked ipam_ipaddress[] := ARRAY(SELECT each FROM jsonb_populate_recordset(NULL::ipam_ipaddress, wanted) AS each);
  blocks ipam_freeblock[];
  block ipam_freeblock;
  one ipam_ipaddress;
BEGIN
  IF EXISTS (SELECT FROM ipam_quota WHERE {quotas.counting(*_ASKED)} AND used >= "limit") THEN RETURN; END IF;
  FOREACH one IN ARRAY asked LOOP
    SELECT * INTO block FROM ipam_freeblock
    WHERE network_id = one.network_id AND family = one.family AND namespace_id IS NULL
    ORDER BY prefix_id, first LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN; END IF;
    blocks := blocks || block;
    -- Not before its last holder gave it back, though this may have waited for that.
    event.at := greatest(event.at,
      (SELECT until FROM ipam_tenure WHERE address = block.first AND length IS NULL AND namespace_id IS NULL
       ORDER BY since DESC LIMIT 1));
  END LOOP;
  event.id := nextval('ipam_event_id_seq');
  event.xid := {WritingTransaction.template};
  FOR place IN 1 .. cardinality(asked) LOOP
    one := asked[place];
    block := blocks[place];
    one.address := block.first;
    one.prefix_id := block.prefix_id;
    DELETE FROM ipam_freeblock WHERE id = block.id;
    INSERT INTO ipam_freeblock (network_id, prefix_id, family, first, length)
    SELECT one.network_id, one.prefix_id, one.family, set_bit(one.address, {_BIT.format(length="part")}, 1), part
    FROM generate_series(block.length + 1, 8 * octet_length(one.address) - 8) AS part;
    INSERT INTO ipam_ipaddress VALUES (one.*);
    event.first_addresses := event.first_addresses || to_jsonb(CASE one.family
      WHEN 4 THEN concat_ws('.', get_byte(one.address, 1), get_byte(one.address, 2), get_byte(one.address, 3),
        get_byte(one.address, 4))
      ELSE host(regexp_replace(encode(substr(one.address, 2), 'hex'), '(....)(?=.)', '\\1:', 'g')::inet) END);
    {tenures.beginning_of_one("one.id")};
    taken := one.address;
    source := one.prefix_id;
    source_length := (SELECT length FROM ipam_prefix WHERE id = one.prefix_id);
    RETURN NEXT;
  END LOOP;
  INSERT INTO ipam_event VALUES (event.*);
  -- Last, so that nobody waits for longer than the commit takes.
  {quotas.charging(*_ASKED, 1)};
  IF FOUND AND EXISTS (SELECT FROM ipam_quota WHERE {quotas.counting(*_ASKED)} AND used > "limit") THEN
    RAISE unique_violation USING MESSAGE = 'Others have used up the quota meanwhile.';
  END IF;
END $function$
"""  # noqa: S608  no values
_GIVE_BACK = f"""
CREATE OR REPLACE FUNCTION ipam_give_back(told jsonb, key uuid, seen integer)
RETURNS boolean LANGUAGE plpgsql SET enable_seqscan TO off AS $function$
DECLARE
  event ipam_event := jsonb_populate_record(NULL::ipam_event, told);
  one ipam_ipaddress;
  size smallint;
  buddy bytea;
  entrance bytea;
BEGIN
  SELECT * INTO one FROM ipam_ipaddress WHERE id = key FOR NO KEY UPDATE; -- what else is asked might choose its index
  SELECT held_in.gateway INTO entrance FROM ipam_prefix AS held_in WHERE id = one.prefix_id FOR NO KEY UPDATE;
  IF one.generation IS DISTINCT FROM seen OR one.machine_id IS NOT NULL OR one.cluster_id IS NOT NULL
    OR entrance = one.address -- which does not become free
    OR EXISTS (SELECT FROM ipam_claim WHERE allocation = one.allocation) OR EXISTS (
      {_SETS_ASIDE}
    ) THEN RETURN FALSE; END IF;
  event.id := nextval('ipam_event_id_seq');
  event.xid := {WritingTransaction.template};
  INSERT INTO ipam_event VALUES (event.*);
  {tenures.end_of_one("one.address", "one.namespace_id")};
  DELETE FROM ipam_ipaddress WHERE id = key;
  size := 8 * octet_length(one.address) - 8;
  WHILE size > (SELECT length FROM ipam_prefix WHERE id = one.prefix_id) LOOP
    buddy := set_bit(one.address, {_BIT.format(length="size")}, 1 - get_bit(one.address, {_BIT.format(length="size")}));
    LOOP -- again where it came while this waited
      DELETE FROM ipam_freeblock WHERE {_BUDDY};
      EXIT WHEN FOUND OR NOT EXISTS (SELECT FROM ipam_freeblock WHERE {_BUDDY});
    END LOOP;
    EXIT WHEN NOT FOUND;
    one.address := least(one.address, buddy);
    size := size - 1;
  END LOOP;
  INSERT INTO ipam_freeblock (network_id, prefix_id, family, first, length)
  VALUES (one.network_id, one.prefix_id, one.family, one.address, size);
  {quotas.charging("one", "= one.family", -1)};
  RETURN TRUE;
END $function$
"""  # noqa: S608  no values


def install(*, using: str, **kwargs: Any) -> None:
    """Put the procedures in place after every `migrate`, as guards are, where their tables are."""
    database = connections[using]
    if database.vendor == "postgresql" and Event._meta.db_table in database.introspection.table_names():
        with database.cursor() as cursor:
            for statement in (_TAKE, _GIVE_BACK):
                cursor.execute(statement)


def take(event: Event, network: Network, rows: Sequence[IPAddress]) -> bool:
    """Store the event and these rows, one of each family, with the lowest free addresses of their network.

    Rows learn their address and prefix. False, and nothing has happened, where a family has none that is at hand.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ipam_take(%s, %s)", [_json(_values(event)), _json([*map(_values, rows)])])
        found = cursor.fetchall()
    for row, (stored, prefix_id, length) in zip(rows, found, strict=bool(found)):
        row.address = from_bytes(stored)
        row.prefix = allocator.known_prefix(prefix_id, network, row.address, length)
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return _told(event, bool(found))


def give_back(event: Event, address: IPAddress) -> bool:
    """Store the event, delete the address and merge it with the free space around.

    False, and nothing has happened, where it is not as it was read, or is a machine's, a cluster's, claimed or a
    gateway, or what its prefix sets aside.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT ipam_give_back(%s, %s, %s)", [_json(_values(event)), address.pk, address.generation])
        (is_done,) = cursor.fetchone()
    return _told(event, is_done)


def _told(event: Event, is_done: bool) -> bool:
    if is_done:
        counters.changed(event.kind, event.verb, event.count)
    return is_done


def _values(row: models.Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name not in ("_state", "xid")}
