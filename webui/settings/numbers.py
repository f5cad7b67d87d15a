"""Settings that count."""

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.Env()


def number(name: str, default: int, *, least: int = 0) -> int:
    """What the variable says; a number that cannot work stops the start. Of a limit, 0 says that there is none."""
    value: int = _env.int(name, default=default)
    if value < least:
        raise ImproperlyConfigured(f"{name} is {value}; it has to be {least} or more.")
    return value
