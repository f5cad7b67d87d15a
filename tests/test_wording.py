"""One thing is told otherwise than many."""

import pytest

from ipam.wording import count_of, them


@pytest.mark.parametrize(
    ("number", "words", "told"),
    [
        (1, ["network"], "1 network"),
        (0, ["network"], "0 networks"),
        (1_200, ["address"], "1,200 addresses"),
        (2, ["child prefix"], "2 child prefixes"),
        (1, ["machine is", "machines are"], "1 machine is"),
        (2, ["machine is", "machines are"], "2 machines are"),
    ],
)
def test_a_number_stands_with_its_noun_in_the_right_form(number: int, words: list[str], told: str) -> None:
    assert count_of(number, *words) == told


def test_one_thing_is_it_and_any_other_number_of_them_is_them() -> None:
    assert [them(number) for number in range(3)] == ["them", "it", "them"]
