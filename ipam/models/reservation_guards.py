"""The database's own refusal of whatever overlaps a range that a cluster has reserved.

Two reserved ranges of one super network are siblings, as prefixes are. That a reserved range and the prefix of a
network never overlap is a matter of two tables, which no constraint can state: triggers do. On PostgreSQL they take
turns by an advisory lock, for neither sees what the other has not committed. Only prefixes that were given are
looked at; what is carved lies in those.
"""

RANGES_DISJOINT = "cluster_ranges_disjoint"
APART_FROM_NETWORKS = "reservation_apart_from_networks"

POSTGRESQL = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'cluster_ranges_disjoint') THEN
    ALTER TABLE ipam_clusterrange ADD CONSTRAINT cluster_ranges_disjoint EXCLUDE USING gist (
      reserved_in_id WITH =,
      ipam_address_range(first, last, '[]') WITH &&
    ) WHERE (reserved_in_id IS NOT NULL);
  END IF;
END $$;

CREATE OR REPLACE FUNCTION reservation_apart_from_networks() RETURNS trigger AS $$
DECLARE
  is_taken boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('reservation_apart_from_networks'));
  IF TG_TABLE_NAME = 'ipam_prefix' THEN
    SELECT EXISTS (SELECT 1 FROM ipam_clusterrange
      WHERE reserved_in_id IS NOT NULL AND first <= NEW.last AND last >= NEW.first) INTO is_taken;
  ELSE
    SELECT EXISTS (SELECT 1 FROM ipam_prefix
      WHERE parent_id IS NULL AND first <= NEW.last AND last >= NEW.first) INTO is_taken;
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
"""

_ON_RANGES = """
CREATE TRIGGER IF NOT EXISTS {name}_on_{event} BEFORE {event} ON ipam_clusterrange WHEN NEW.reserved_in_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, '{ranges_disjoint}') WHERE EXISTS (
    SELECT 1 FROM ipam_clusterrange WHERE reserved_in_id = NEW.reserved_in_id AND id IS NOT {itself}
      AND first <= NEW.last AND last >= NEW.first);
  SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
    SELECT 1 FROM ipam_prefix WHERE parent_id IS NULL AND namespace_id IS NULL
      AND first <= NEW.last AND last >= NEW.first);
END
"""
_ON_PREFIXES = """
CREATE TRIGGER IF NOT EXISTS {name}_on_prefix_{event} BEFORE {event} ON ipam_prefix WHEN NEW.parent_id IS NULL
BEGIN
  SELECT RAISE(ABORT, '{name}') WHERE EXISTS (
    SELECT 1 FROM ipam_clusterrange
    WHERE reserved_in_id IS NOT NULL AND first <= NEW.last AND last >= NEW.first);
END
"""
SQLITE = [
    trigger.format(name=APART_FROM_NETWORKS, ranges_disjoint=RANGES_DISJOINT, event=event, itself=itself)
    for trigger in (_ON_RANGES, _ON_PREFIXES)
    for event, itself in (("INSERT", "NULL"), ("UPDATE", "OLD.id"))
]
