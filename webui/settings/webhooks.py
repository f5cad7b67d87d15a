"""Webhooks: where they may lead, how they are tried again, and the key that their secrets are kept with."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from netaddr import AddrFormatError, IPNetwork

from ipam import key_files
from webui.settings.database import DATABASES
from webui.settings.numbers import number

env = environ.Env()
_database = DATABASES["default"]

# Fernet keys, separated by commas: the first one seals, all open. What it seals is lost with it, so it is no
# SECRET_KEY. `quickstart` makes one beside SQLite's file.
SECRETS_KEY = env.str("SECRETS_KEY", default="")
if not SECRETS_KEY and _database["ENGINE"] == "django.db.backends.sqlite3" and _database["NAME"] != ":memory:":
    _file = key_files.secrets_key_of(Path(_database["NAME"]))
    SECRETS_KEY = _file.read_text(encoding="ascii").strip() if _file.exists() else ""

WEBHOOK_ALLOWED_CIDRS = env.list("WEBHOOK_ALLOWED_CIDRS", default=[])
for _cidr in WEBHOOK_ALLOWED_CIDRS:
    try:
        IPNetwork(_cidr)
    except (AddrFormatError, ValueError) as error:
        raise ImproperlyConfigured(f"WEBHOOK_ALLOWED_CIDRS has “{_cidr}”, which is no CIDR.") from error

_HOURS = 3600
WEBHOOK_RETRY_SECONDS = env.list(
    "WEBHOOK_RETRY_SECONDS",
    cast=int,
    default=[5, 300, 1800, *(hours * _HOURS for hours in (2, 5, 10, 14, 20, 24))],
)
if any(seconds < 0 for seconds in WEBHOOK_RETRY_SECONDS):
    raise ImproperlyConfigured("WEBHOOK_RETRY_SECONDS has a number below 0.")
WEBHOOK_TIMEOUT_SECONDS = number("WEBHOOK_TIMEOUT_SECONDS", 15, least=1)
WEBHOOK_LEASE_SECONDS = number("WEBHOOK_LEASE_SECONDS", 60, least=2)
if WEBHOOK_LEASE_SECONDS <= WEBHOOK_TIMEOUT_SECONDS:  # else a second deliverer sends what the first still sends
    raise ImproperlyConfigured("WEBHOOK_LEASE_SECONDS has to be more than WEBHOOK_TIMEOUT_SECONDS.")
