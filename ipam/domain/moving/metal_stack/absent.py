"""What entries refer to and is not there: told once, with the entries that go with it."""

from collections import defaultdict
from collections.abc import Container, Iterator

from ipam import errors
from ipam.addressing import shorten, some

_WORDS = {"partitions": "partition", "projects": "project", "networks": "network", "machines": "machine"}
Place = tuple[str, str]  # section and id


class Absent(Exception):
    """An entry refers to something of this section and id, which is not there."""

    def __init__(self, section: str, id: str) -> None:
        super().__init__(section, id)
        self.place: Place = section, id


class Left:
    """The entries that were left out because of what is absent, or that came without it."""

    def __init__(self) -> None:
        self._out: dict[tuple[Place, str], list[str]] = defaultdict(list)
        self._without: dict[tuple[Place, str], list[str]] = defaultdict(list)

    def out(self, section: str, name: str, *, for_want_of: Place) -> None:
        """This entry was left out."""
        self._out[for_want_of, section].append(name)

    def without(self, section: str, name: str, *, lacking: Place) -> None:
        """This entry was brought in, but without what it refers to."""
        self._without[lacking, section].append(name)

    def told(self, named: Container[Place]) -> Iterator[errors.IpamError]:
        """A refusal for each absent thing and section; what is `named` is absent because it was refused itself."""
        for (place, section), names in self._out.items():
            who, what = f"{len(names):,} of the {section}", f"{_WORDS[place[0]]} “{shorten(place[1])}”"
            if place in named:
                detail = f"{what[0].upper()}{what[1:]} was refused, and with it {who}: {some(names)}."
            else:
                detail = f"There is no {what}, named by {who}: {some(names)}. Check the id, or bring it in first."
            yield errors.NotFound(detail)
        for (place, section), names in self._without.items():
            what = f"{_WORDS[place[0]].capitalize()} “{shorten(place[1])}”"
            detail = f"{what} was refused, and left out of {len(names):,} of the {section}: {some(names)}."
            yield errors.NotFound(detail)
