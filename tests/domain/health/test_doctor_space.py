"""The proof that pieces make a whole, on bare numbers."""

import pytest

from ipam.domain.health.consistency import FREE, TAKEN, Piece, are_buddies, find_gaps_and_overlaps


def faults(*pieces: tuple[int, int, str]) -> list[str]:
    return list(
        find_gaps_and_overlaps(
            0, 15, [Piece(*piece) for piece in pieces], show=lambda first, last: f"{first}..{last}", merges=are_buddies
        )
    )


def test_pieces_that_make_the_whole_have_no_fault() -> None:
    assert faults((0, 7, FREE), (8, 8, TAKEN), (9, 9, FREE), (10, 11, FREE), (12, 15, FREE)) == []


def test_nothing_at_all_is_one_gap() -> None:
    assert faults() == ["0..15 is neither free nor taken"]


def test_gap_in_the_middle_and_at_the_end_are_told() -> None:
    assert faults((0, 3, FREE), (8, 11, TAKEN)) == [
        "4..7 is neither free nor taken",
        "12..15 is neither free nor taken",
    ]


def test_overlap_names_both_kinds() -> None:
    assert faults((0, 15, FREE), (5, 5, TAKEN)) == ["5..5 is free and taken at once"]


def test_an_inner_piece_does_not_end_the_outer_one() -> None:
    assert faults((0, 11, FREE), (2, 3, TAKEN), (12, 15, TAKEN)) == ["2..3 is free and taken at once"]


def test_free_buddies_should_be_one() -> None:
    assert faults((0, 7, FREE), (8, 15, FREE)) == ["0..7 and 8..15 are free, but not merged"]


def test_neighbours_that_alignment_keeps_apart_are_no_fault() -> None:
    assert faults((0, 3, TAKEN), (4, 7, FREE), (8, 11, FREE), (12, 15, TAKEN)) == []


def test_a_piece_that_reaches_beyond_the_end_is_told() -> None:
    assert faults((0, 31, FREE)) == ["16..31 lies beyond its end"]


@pytest.mark.parametrize("stray", [(-4, -1, FREE), (16, 17, TAKEN)])
def test_a_piece_that_starts_outside_is_left_to_another_check(stray: tuple[int, int, str]) -> None:
    assert faults(*sorted([(0, 15, TAKEN), stray])) == []
