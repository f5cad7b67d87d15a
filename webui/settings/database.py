"""The database, and the key that an embedded one keeps beside itself."""

from pathlib import Path
from threading import TIMEOUT_MAX

import environ
from django.core.management.utils import get_random_secret_key

from webui import secret_key
from webui.settings.application import BASE_DIR
from webui.settings.numbers import number

env = environ.Env()

_pooler = env.str("DATABASE_POOLER_URL", default="")
DATABASE_POOLER = env.db_url_config(_pooler) if _pooler else {}  # for web processes, in place of it: webui/limits.py
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        # A transaction that will write takes the write lock at once: no deadlock by lock upgrade.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,  # seconds a writer waits for its turn
        # synchronous=FULL: an address that was answered is still allocated after a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
    }
    # Tests use a file, so that other processes can open the same database.
    _database["TEST"] = {"NAME": str(BASE_DIR / f"db.sqlite3.test-{env.str('PYTEST_XDIST_WORKER', default='main')}")}
else:
    # Stateless web processes share connections by a pool, one per process.
    _database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": number("DATABASE_POOL_MIN", 1),
        "max_size": number("DATABASE_POOL_MAX", 10, least=1),
        # Until a request that gets none is refused; a pool that may wait for ever has no word for it.
        "timeout": number("DATABASE_POOL_SECONDS", 5) or TIMEOUT_MAX,
        "reconnect_timeout": 5,  # seconds; else the pool waits longer and longer, also when PostgreSQL is back
    }
    _database["CONN_HEALTH_CHECKS"] = True  # a connection that PostgreSQL has closed is replaced, not handed out

# All processes that sign in the same people need one key. An embedded database keeps it beside itself; for PostgreSQL
# it has to be given: commands do without, and webui/wsgi.py does not start.
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY and _database["ENGINE"] == "django.db.backends.sqlite3" and _database["NAME"] != ":memory:":
    SECRET_KEY = secret_key.beside(Path(_database["NAME"]))
SECRET_KEY_IS_SHARED = bool(SECRET_KEY)
SECRET_KEY = SECRET_KEY or get_random_secret_key()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
