"""Points in time come back from the database as they were stored."""

from datetime import UTC, datetime

import pytest

from ipam.models import Partition


@pytest.mark.parametrize("microsecond", [0, 1, 120_000])
@pytest.mark.parametrize("year", [1, 2026, 9999])
def test_moment_is_read_as_it_was_stored_and_in_utc(partition: Partition, year: int, microsecond: int) -> None:
    moment = datetime(year, 2, 28, 23, 59, 59, microsecond, tzinfo=UTC)
    Partition.objects.update(created_at=moment)
    found = Partition.objects.get().created_at
    assert (found, found.tzinfo) == (moment, UTC)
