"""Tables of how full networks were."""

from typing import Any

from ipam.domain.files import importing
from ipam.domain.files.kinds import HISTORY
from ipam.models import Event, Network, Sample
from tests.domain.files.tables import table, told


def point(used: int, *, at: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {"network": "internet", "address_family": "ipv4", "at": at, "used": used, "total": 126, **more}


def used(network: Network) -> list[tuple[int, int]]:
    return list(Sample.objects.filter(series__network_id=network.pk).order_by("at").values_list("used", "high"))


def test_rows_of_history_are_told_by_what_becomes_of_them(internet: Network) -> None:
    importing.apply(table(HISTORY, point(1), point(2, at="2026-01-02")))
    rows = [point(1), point(3, at="2026-01-02", high=5), point(4, at="2026-01-03")]
    assert told(importing.preview(table(HISTORY, *rows))) == [
        (1, "internet 2026-01-01 00:00", "unchanged"),
        (2, "internet 2026-01-02 00:00", "changed"),
        (3, "internet 2026-01-03 00:00", "new"),
    ]
    importing.apply(table(HISTORY, *rows))
    assert used(internet) == [(1, 1), (3, 5), (4, 4)]


def test_wrong_rows_of_history_are_left_out_and_the_rest_is_stored(internet: Network) -> None:
    wrong = [
        point(1, at="2999-01-01"),
        point(127),
        point(2, high=1),
        point(1) | {"network": "elsewhere"},
        point(1) | {"used": None},
        point(1) | {"at": "soon"},
    ]
    summary = importing.apply(table(HISTORY, *wrong, point(3)), skip_refused=True)
    assert {place: [one.field for one in summary.refused[place - 1].reasons] for place in range(1, 7)} == {
        1: ["at"], 2: ["used"], 3: ["high"], 4: ["network"], 5: ["used"], 6: ["at"],
    }  # fmt: skip
    assert used(internet) == [(3, 3)]


def test_history_of_a_network_comes_in_by_one_event_that_is_part_of_the_import(internet: Network) -> None:
    importing.apply(table(HISTORY, point(1), point(2, at="2026-01-02")))
    part, whole = Event.objects.order_by("-id")[:2]
    if part.part_of is None:
        part, whole = whole, part
    assert (part.object_id, part.changes, part.part_of_id) == ("internet", {"history": [None, 2]}, whole.pk)
    assert whole.changes == {"history, new": [0, 2]}
