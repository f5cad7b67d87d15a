"""Keys that are kept beside the SQLite database that they belong to, for the one user who reads them."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def secrets_key_of(database: Path) -> Path:
    """Where the key is that secrets are kept with (`SECRETS_KEY`), if nobody has given one."""
    return database.with_name(f"{database.name}.secrets-key")


def create(path: Path, key: str) -> None:
    """Written elsewhere and linked when it is whole, so nobody reads a part; a link that is there already wins."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}-", dir=path.parent)  # mode 600
    try:
        with open(handle, "w", encoding="ascii") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
