"""What rows refer to, looked up once for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import models

from ipam import errors
from ipam.domain.core import lookups

M = TypeVar("M", bound=models.Model)
_MAX_KEPT = 5_000


class Known:
    """Objects that were looked up already. What never changes of them, such as type and owner, may be relied upon."""

    def __init__(self) -> None:
        self._found: dict[tuple[type[models.Model], object], Any] = {}

    def get_many(self, model: type[M], keys: Iterable[object], *, only: Sequence[str] = ()) -> dict[Any, M]:
        """Those of many ids that there are, looked up by one statement; `only` these columns."""
        asked = {key for key in keys if key}
        held = {key: self._found[model, key] for key in asked if (model, key) in self._found}
        new = [key for key in asked - held.keys() if lookups.is_id(model, key)]
        found = {one.pk: one for one in model._default_manager.filter(pk__one_of=new).only(*only)}
        self._keep(model, found)
        return held | found

    def get(self, model: type[M], key: object, *, field: str) -> M:
        """The object with this id. NotFound, about `field`, if there is none; Required if there is no key."""
        if not key:
            raise errors.Required(f"The column “{field}” is needed.", field=field)
        if (model, key) not in self._found:
            self._keep(model, {key: lookups.get(model, key, field=field)})
        return self._found[model, key]  # type: ignore[no-any-return]

    def get_all(self, wanted: Mapping[str, tuple[type[models.Model], object]]) -> dict[str, Any]:
        """Objects by the field that names them by id or name; all that are missing are told together (rule 2)."""
        found: dict[str, Any] = {}
        missing: list[errors.IpamError] = []
        for field, (model, key) in wanted.items():
            try:
                found[field] = self._get_named(model, key, field=field)
            except errors.IpamError as error:
                missing.append(error)
        errors.raise_all(missing)
        return found

    def _get_named(self, model: type[models.Model], key: object, *, field: str) -> Any:
        if not key or (model, key) in self._found:
            return self.get(model, key, field=field)
        found = lookups.named(model, key, field=field)
        if found.pk == key:
            self._keep(model, {key: found})
        return found

    def _keep(self, model: type[models.Model], found: Mapping[Any, models.Model]) -> None:
        if len(self._found) + len(found) > _MAX_KEPT:
            self._found.clear()
        self._found |= {(model, key): one for key, one in found.items()}
