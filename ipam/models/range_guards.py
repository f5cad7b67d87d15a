"""The database's own refusal of ranges of one prefix that overlap, as of sibling prefixes."""

RANGES_APART = "address_ranges_disjoint"

POSTGRESQL = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'address_ranges_disjoint') THEN
    ALTER TABLE ipam_addressrange ADD CONSTRAINT address_ranges_disjoint EXCLUDE USING gist (
      prefix_id WITH =,
      ipam_address_range(first, last, '[]') WITH &&
    );
  END IF;
END $$;
"""
# Those that are stored are disjoint, so only the one with the greatest `first` can reach the new one.
_TRIGGER = """
CREATE TRIGGER IF NOT EXISTS {name}_on_{event} BEFORE {event} ON ipam_addressrange
BEGIN
  SELECT RAISE(ABORT, '{name}') WHERE NEW.first <= (
    SELECT last FROM ipam_addressrange
    WHERE prefix_id = NEW.prefix_id AND first <= NEW.last AND id IS NOT {itself} ORDER BY first DESC LIMIT 1
  );
END
"""
SQLITE = [
    _TRIGGER.format(name=RANGES_APART, event=event, itself=itself)
    for event, itself in (("INSERT", "NULL"), ("UPDATE", "OLD.id"))
]
