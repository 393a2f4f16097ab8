"""The parts of the checker on histories written by hand."""

from __future__ import annotations

from math import inf

from tests.faults.linear import Event, linearizable, most_at_once


def test_one_after_another_is_fine() -> None:
    events = [Event(0, 1, True, "a"), Event(2, 3, False, "a"), Event(4, 5, True, "b")]
    assert linearizable(events, "b")
    assert not linearizable(events, "a")


def test_two_at_once_are_not() -> None:
    assert not linearizable([Event(0, 1, True, "a"), Event(2, 3, True, "b")], "b")


def test_what_overlaps_may_have_happened_in_either_order() -> None:
    events = [Event(0, 1, True, "a"), Event(2, 9, True, "b"), Event(3, 8, False, "a")]
    assert linearizable(events, "b")


def test_an_answer_that_was_given_too_early_is_found() -> None:
    events = [Event(0, 1, True, "a"), Event(2, 3, True, "b"), Event(4, 5, False, "a")]
    assert not linearizable(events, "b")


def test_what_nobody_was_answered_may_happen_late_or_never() -> None:
    events = [Event(0, inf, True, "a"), Event(1, 2, True, "b"), Event(3, 4, False, "b")]
    assert linearizable(events, "a")
    assert linearizable(events, None)


def test_an_acknowledged_change_cannot_be_gone() -> None:
    assert not linearizable([Event(0, 1, True, "a"), Event(2, 3, False, "a")], "a")


def test_most_at_once() -> None:
    assert most_at_once([(0, 2), (1, 3), (4, inf)], 0, 5) == 2
    assert most_at_once([(0, 2), (1, 3), (4, inf)], 2.5, 3.5) == 1
    assert most_at_once([], 0, 1) == 0
