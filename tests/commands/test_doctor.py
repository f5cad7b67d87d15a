from collections.abc import Callable

import pytest

from ipam.models import FreeBlock, Network, NumberRange, Partition
from tests.builders import ip

Run = Callable[..., str]


def test_sound_installation_is_counted(run: Run, internet: Network) -> None:
    assert run("doctor") == "Everything adds up: 1 network, 2 prefixes, 0 addresses checked.\n"


def test_damage_ends_with_1_and_changes_nothing(run: Run, internet: Network) -> None:
    FreeBlock.objects.filter(first=ip("203.0.113.192")).delete()
    with pytest.raises(SystemExit) as ended:
        run("doctor")
    assert ended.value.code == 1
    assert not FreeBlock.objects.filter(first=ip("203.0.113.192")).exists()


def test_repair_says_first_what_it_derives_and_ends_sound(run: Run, internet: Network) -> None:
    FreeBlock.objects.filter(first=ip("203.0.113.192")).delete()
    NumberRange.objects.filter(pool="asn").update(first=3)
    assert run("doctor", "--repair").splitlines() == [
        "203.0.113.128/25 of internet: 203.0.113.192 to 203.0.113.223 is neither free nor taken.",
        "ASN pool: 1 to 2 is neither free nor taken.",
        "To be derived anew: the free blocks of 203.0.113.128/25 of internet",
        "To be derived anew: the free ranges of the ASN pool",
        "Done. Everything adds up: 1 network, 2 prefixes, 0 addresses checked.",
    ]


def test_repair_that_leaves_something_ends_with_1(run: Run, internet: Network) -> None:
    internet.prefixes.filter(family=4).update(last=ip("203.0.113.254"))
    with pytest.raises(SystemExit) as ended:
        run("doctor", "--repair")
    assert ended.value.code == 1


def test_what_is_older_than_its_rule_is_told_and_is_no_fault(run: Run, internet: Network) -> None:
    Partition.objects.bulk_create([Partition(id="new")])
    assert run("doctor").splitlines() == [
        "Older than its rule: The partition “new” has the name of a page, which hides it there. The API knows it.",
        "Everything adds up: 1 network, 2 prefixes, 0 addresses checked.",
    ]
