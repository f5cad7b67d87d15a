"""The database's own refusal of a machine that has an address beside another which does not share it.

That is a matter of two tables, which no constraint can state. Whether an address is shared never changes, so nothing
can come between the trigger and the row.
"""

HOLDERS_SHARE = "holder_of_shared_address"
ONLY_SHARED = "A machine has an address beside another one only where that is shared, as anycast or vip."

POSTGRESQL = """
CREATE OR REPLACE FUNCTION holder_of_shared_address() RETURNS trigger AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ipam_ipaddress WHERE id = NEW.address_id AND shared <> '') THEN
    RAISE EXCEPTION 'holder_of_shared_address'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'holder_of_shared_address';
  END IF;
  RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE OR REPLACE TRIGGER holder_of_shared_address BEFORE INSERT OR UPDATE ON ipam_addressholder
  FOR EACH ROW EXECUTE FUNCTION holder_of_shared_address();

CREATE OR REPLACE FUNCTION address_shared_for_good() RETURNS trigger AS $$
BEGIN
  RAISE EXCEPTION 'holder_of_shared_address'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'holder_of_shared_address';
END;
$$ LANGUAGE plpgsql;

CREATE OR REPLACE TRIGGER holder_of_shared_address BEFORE UPDATE OF shared ON ipam_ipaddress
  FOR EACH ROW WHEN (OLD.shared <> NEW.shared) EXECUTE FUNCTION address_shared_for_good();
"""
_ON_HOLDERS = """
CREATE TRIGGER IF NOT EXISTS {name}_on_{event} BEFORE {event} ON ipam_addressholder
BEGIN
  SELECT RAISE(ABORT, '{name}')
  WHERE NOT EXISTS (SELECT 1 FROM ipam_ipaddress WHERE id = NEW.address_id AND shared <> '');
END
"""
_ON_ADDRESSES = """
CREATE TRIGGER IF NOT EXISTS {name}_for_good BEFORE UPDATE OF shared ON ipam_ipaddress WHEN OLD.shared <> NEW.shared
BEGIN
  SELECT RAISE(ABORT, '{name}');
END
"""
SQLITE = [
    *(_ON_HOLDERS.format(name=HOLDERS_SHARE, event=event) for event in ("INSERT", "UPDATE")),
    _ON_ADDRESSES.format(name=HOLDERS_SHARE),
]
