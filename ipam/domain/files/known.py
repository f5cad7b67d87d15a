"""What rows refer to, looked up once for all of them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models

from ipam import errors
from ipam.domain.core import lookups

M = TypeVar("M", bound=models.Model)
_MOST_KEPT = 10_000


class Known:
    """Objects that were looked up already. What never changes of them, such as type and owner, may be relied upon."""

    def __init__(self) -> None:
        self._found: dict[tuple[type[models.Model], object], Any] = {}

    def get(self, model: type[M], key: object, *, field: str) -> M | None:
        """The object with this id or name, None for no key; NotFound, about `field`, if there is none."""
        if not key:
            return None
        if (model, key) not in self._found:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[model, key] = lookups.named(model, key, field=field)
        return self._found[model, key]  # type: ignore[no-any-return]

    def required(self, model: type[M], key: object, *, field: str) -> M:
        """The same; Required if there is no key."""
        found = self.get(model, key, field=field)
        if found is None:
            raise errors.Required(f"The column “{field}” is needed.", field=field)
        return found

    def get_all(self, wanted: Mapping[str, tuple[type[models.Model], object]]) -> dict[str, Any]:
        """Objects by the field that names them; all that are missing are told together (rule 2)."""
        found: dict[str, Any] = {}
        missing: list[errors.IpamError] = []
        for field, (model, key) in wanted.items():
            try:
                found[field] = self.required(model, key, field=field)
            except errors.IpamError as error:
                missing.append(error)
        errors.raise_all(missing)
        return found
