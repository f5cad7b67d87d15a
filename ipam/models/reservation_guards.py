"""The database's own refusal of whatever overlaps a range that a cluster has reserved.

Two reserved ranges of one VRF are siblings, as prefixes are, and so are those below one super network that is strict.
That a reserved range and the prefix of a network never overlap is a matter of two tables, which no constraint can
state: triggers do, for the network's VRF, the super network itself, and every network where that is strict. On
PostgreSQL they take turns by an advisory lock, for neither sees what the other has not committed. Only prefixes that
were given are looked at; what is carved lies in those.
"""

RANGES_DISJOINT = "cluster_ranges_disjoint"
STRICT_RANGES_DISJOINT = f"{RANGES_DISJOINT}_where_strict"
APART_FROM_NETWORKS = "reservation_apart_from_networks"

# Whether a reserved range keeps apart from the root prefixes of a network, which is `given`.
_APART = """{held}.reserved_in_id IS NOT NULL AND (
  {held}.is_strict OR {held}.reserved_vrf_id = given.vrf_id OR {held}.reserved_in_id = given.id)"""
_PARTS = {"apart": _APART.format(held="held"), "apart_new": _APART.format(held="NEW")}

POSTGRESQL = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'cluster_ranges_disjoint') THEN
    ALTER TABLE ipam_clusterrange ADD CONSTRAINT cluster_ranges_disjoint EXCLUDE USING gist (
      reserved_vrf_id WITH =,
      ipam_address_range(first, last, '[]') WITH &&
    ) WHERE (reserved_in_id IS NOT NULL);
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'cluster_ranges_disjoint_where_strict') THEN
    ALTER TABLE ipam_clusterrange ADD CONSTRAINT cluster_ranges_disjoint_where_strict EXCLUDE USING gist (
      reserved_in_id WITH =,
      ipam_address_range(first, last, '[]') WITH &&
    ) WHERE (is_strict);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION reservation_apart_from_networks() RETURNS trigger AS $$
DECLARE
  is_taken boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('reservation_apart_from_networks'));
  IF TG_TABLE_NAME = 'ipam_prefix' THEN
    SELECT EXISTS (SELECT 1 FROM ipam_clusterrange AS held JOIN ipam_network AS given ON given.id = NEW.network_id
      WHERE held.first <= NEW.last AND held.last >= NEW.first AND {apart}) INTO is_taken;
  ELSE
    SELECT EXISTS (SELECT 1 FROM ipam_prefix JOIN ipam_network AS given ON given.id = network_id
      WHERE ipam_prefix.parent_id IS NULL AND first <= NEW.last AND last >= NEW.first AND {apart_new}) INTO is_taken;
  END IF;
  IF is_taken THEN
    RAISE EXCEPTION 'reservation_apart_from_networks'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'reservation_apart_from_networks';
  END IF;
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE OR REPLACE TRIGGER reservation_apart_from_networks
  BEFORE INSERT OR UPDATE OF first, last, parent_id ON ipam_prefix
  FOR EACH ROW WHEN (NEW.parent_id IS NULL) EXECUTE FUNCTION reservation_apart_from_networks();
CREATE OR REPLACE TRIGGER reservation_apart_from_networks
  BEFORE INSERT OR UPDATE ON ipam_clusterrange
  FOR EACH ROW WHEN (NEW.reserved_in_id IS NOT NULL) EXECUTE FUNCTION reservation_apart_from_networks();
""".format(**_PARTS)  # noqa: S608  no values

_ON_RANGES = """
CREATE TRIGGER IF NOT EXISTS {name}_on_{event} BEFORE {event} ON ipam_clusterrange WHEN NEW.reserved_in_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, '{ranges_disjoint}') WHERE EXISTS (
    SELECT 1 FROM ipam_clusterrange WHERE reserved_in_id IS NOT NULL AND id IS NOT {itself}
      AND (reserved_vrf_id = NEW.reserved_vrf_id OR is_strict AND NEW.is_strict AND reserved_in_id = NEW.reserved_in_id)
      AND first <= NEW.last AND last >= NEW.first);
  SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
    SELECT 1 FROM ipam_prefix JOIN ipam_network AS given ON given.id = network_id
    WHERE ipam_prefix.parent_id IS NULL AND first <= NEW.last AND last >= NEW.first AND {apart_new});
END
"""
_ON_PREFIXES = """
CREATE TRIGGER IF NOT EXISTS {name}_on_prefix_{event} BEFORE {event} ON ipam_prefix WHEN NEW.parent_id IS NULL
BEGIN
  SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
    SELECT 1 FROM ipam_clusterrange AS held JOIN ipam_network AS given ON given.id = NEW.network_id
    WHERE held.first <= NEW.last AND held.last >= NEW.first AND {apart});
END
"""
SQLITE = [
    trigger.format(name=APART_FROM_NETWORKS, ranges_disjoint=RANGES_DISJOINT, event=event, itself=itself, **_PARTS)
    for trigger in (_ON_RANGES, _ON_PREFIXES)
    for event, itself in (("INSERT", "NULL"), ("UPDATE", "OLD.id"))
]
