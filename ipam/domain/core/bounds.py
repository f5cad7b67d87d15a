"""What one statement may cost in a process that answers requests; `outages` has the words for one that costs more."""

from django.conf import settings
from django.db import connection


def bound_statements() -> None:
    """Let PostgreSQL end what takes too long, from the next connection of this process on.

    A pooler lends each transaction another session: there it sets the timeouts itself, and no cursor may outlive its
    statement.
    """
    if connection.vendor != "postgresql":
        return
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    if settings.DATABASE_POOLER:
        kept = {"pool": connection.settings_dict["OPTIONS"]["pool"]}
        connection.settings_dict.update(settings.DATABASE_POOLER)
        connection.settings_dict["OPTIONS"] = kept | settings.DATABASE_POOLER.get("OPTIONS", {})
        return
    given = {name: seconds for name, seconds in settings.DATABASE_TIMEOUTS.items() if seconds}
    options = connection.settings_dict["OPTIONS"]
    timeouts = [f"-c {name}={seconds}s" for name, seconds in given.items()]
    options["options"] = " ".join([*filter(None, [options.get("options")]), *timeouts])
