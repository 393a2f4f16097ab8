from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.text import LONGEST, email_key, fold, grams

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Nguyễn  Thị", "nguyen thi"),
        ("  ZOË\t", "zoe"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Søren Æbelø", "soren aebelo"),
        ("Đặng", "dang"),
        ("İstanbul Işık", "istanbul isik"),
        ("Þór Œuvre", "thor oeuvre"),
        ("O’Brien", "o'brien"),
        ("ﬁn", "fin"),
        ("李小龍", "李小龍"),
        ("Ａｎｎ", "ann"),
        ("𝐙oe", "zoe"),
        ("ℝ", "r"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(names)
@example("㎅")
@example("𝐙")
def test_folding_twice_is_folding_once(text: str) -> None:
    """Else a name and the search for it could end up different."""
    assert fold(fold(text)) == fold(text)


@given(names)
def test_folded_text_has_no_accents_and_no_blanks_to_spare(text: str) -> None:
    folded = fold(text)
    assert not any(unicodedata.combining(character) for character in folded)
    assert folded == " ".join(folded.split())


@given(st.text("abcdefghijklmnopqrstuvwxyz éüñçøł", max_size=30))
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


@given(names)
def test_composed_or_not_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text("abc ", max_size=20))
def test_grams_are_the_runs_of_one_to_three(text: str) -> None:
    found = grams(text)
    assert found == sorted(set(found))
    assert all(1 <= len(run) <= LONGEST and run in text for run in found)
    for length in range(1, LONGEST + 1):
        for start in range(len(text) - length + 1):
            assert text[start : start + length] in found


@given(st.text("abc ", min_size=1, max_size=30), st.data())
def test_whatever_has_the_query_in_it_has_its_grams(text: str, data: st.DataObject) -> None:
    """The grams may let too much through, which the pattern then stops; never too little."""
    start = data.draw(st.integers(0, len(text) - 1))
    query = text[start : data.draw(st.integers(start + 1, len(text)))]
    assert query[:LONGEST] in grams(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ann@Example.COM", "ann@example.com", True),
        ("boss@straße.de", "boss@strasse.de", False),
        ("boss@\u212aing.de", "boss@king.de", False),
        ("\u017fam@example.com", "sam@example.com", False),
        ("ÄNN@example.com", "änn@example.com", False),
    ],
)
def test_addresses_of_different_people_are_different(one: str, other: str, same: bool) -> None:
    """Whoever proves one must not see what the other has booked."""
    assert (email_key(one) == email_key(other)) is same
    assert email_key(email_key(one)) == email_key(one)
