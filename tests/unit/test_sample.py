"""The sample is believable, the same for the same seed, and nobody real can be called or written to."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from engine.availability import Availability
from engine.model import Expert
from engine.sample import sample
from engine.sample_data import CATEGORIES, CULTURES, Culture

People = list[tuple[Expert, Availability]]

FICTION = re.compile(
    r"\+1[2-9]\d\d55501\d\d|\+442079460\d{3}|\+441632960\d{3}|\+6125550\d{4}|\+6127010\d{4}"
    r"|\+493023125\d{3}|\+3319900\d{4}|\+463139006\d\d"
)


@pytest.fixture(scope="module")
def forty() -> People:
    return list(sample(7, 40))


@pytest.fixture(scope="module")
def thousands() -> People:
    return list(sample(7, 10_000))


def test_the_same_seed_gives_the_same_people(forty: People) -> None:
    assert list(sample(7, 40)) == forty
    assert not {expert.id for expert, _ in sample(8, 40)} & {expert.id for expert, _ in forty}


def test_a_longer_sample_begins_with_the_shorter_one(forty: People, thousands: People) -> None:
    assert thousands[:40] == forty


def test_ids_never_change(forty: People) -> None:
    """Whoever seeded an earlier version would otherwise get everybody a second time."""
    assert [expert.id for expert, _ in forty[:3]] == ["cmzqgu83ga", "yvyq8rzebx", "l4xq0pqp7k"]


def test_ids_and_addresses_are_unique_and_well_formed(thousands: People) -> None:
    ids = {expert.id for expert, _ in thousands}
    addresses = {expert.email for expert, _ in thousands}
    assert len(ids) == len(addresses) == len(thousands)
    assert all(re.fullmatch(r"[0-9a-z]{10}", expert_id) for expert_id in ids)
    domain = r"example\.(com|org|net)"
    assert all(re.fullmatch(rf"[a-z]+([.-][a-z]+)+\d*@{domain}", address) for address in addresses)


def test_names_are_written_as_their_owners_would(thousands: People) -> None:
    by_name = {expert.name: expert for expert, _ in thousands}
    huong = by_name["Nguyễn Thị Hương"]
    assert huong.email.startswith("nguyen.thi.huong")
    assert "Hương" in huong.bio
    assert "Thị" not in huong.bio
    assert by_name["Łukasz Wójcik"].email.startswith("lukasz.wojcik")
    assert by_name["Niamh O'Brien"].email.startswith("niamh.obrien")
    assert by_name["Søren Kjær"].email.startswith("soren.kjaer")


def test_phone_numbers_are_kept_free_for_fiction(thousands: People) -> None:
    strays = {expert.phone for expert, _ in thousands if not FICTION.fullmatch(expert.phone)}
    assert not strays


def test_the_first_forty_show_the_whole_range(forty: People) -> None:
    assert len({expert.name for expert, _ in forty}) == 40
    assert Counter(expert.category for expert, _ in forty) == dict.fromkeys(CATEGORIES, 5)
    groups = [availability.seats for _, availability in forty if availability.seats > 1]
    assert 4 <= len(groups) <= 6
    assert all(4 <= seats <= 30 for seats in groups)
    continents = {expert.time_zone.partition("/")[0] for expert, _ in forty}
    assert continents >= {"Africa", "America", "Asia", "Europe"}


def test_names_do_not_recur_early(thousands: People) -> None:
    names = [expert.name for expert, _ in thousands]
    assert len(set(names[:2000])) == 2000
    assert max(Counter(names).values()) <= 6


def test_letters_beyond_ascii_are_common_and_composed(forty: People) -> None:
    names = [expert.name for expert, _ in forty]
    assert sum(not name.isascii() for name in names) >= 10
    assert all(unicodedata.is_normalized("NFC", name) for name in names)


def test_numbers_are_within_their_ranges(thousands: People) -> None:
    for expert, availability in thousands:
        assert 2 <= expert.experience <= 30
        assert 3.8 <= expert.rating <= 5.0
        assert round(expert.rating, 1) == expert.rating
        assert expert.review_count > 0
        assert availability.time_zone == expert.time_zone
        assert 30 <= availability.slot_minutes <= 60


def test_every_biography_is_finished_and_repeats_nothing(thousands: People) -> None:
    for expert, availability in thousands:
        sentences = expert.bio.removesuffix(".").split(". ")
        assert 2 <= len(sentences) <= 4
        assert len(set(sentences)) == len(sentences)
        assert not re.search(r"[{}]|\.\.|  |\ba [aeio]|\ban [^aeioAEIO]|None", f"{expert.headline} {expert.bio}")
        assert f"{expert.experience} years" in expert.bio
        assert ("Sessions are for groups" in expert.bio) == (availability.seats > 1)


def test_people_teach_their_own_language(thousands: People) -> None:
    for expert, _ in thousands:
        assert "English" in expert.languages
        assert len(set(expert.languages)) == len(expert.languages)
        if expert.category == "Languages":
            assert expert.languages[0] in expert.headline


@pytest.mark.parametrize("culture", CULTURES, ids=lambda culture: culture.places[0][0])
def test_the_lists_of_a_culture_have_no_slips(culture: Culture) -> None:
    for words in (culture.given, culture.family, culture.languages, [city for city, _ in culture.places]):
        assert len(set(words)) == len(words)
        assert all(word == word.strip() and word[0].isupper() for word in words)
    assert all(ZoneInfo(zone) for _, zone in culture.places)


def test_some_people_work_late_and_on_sundays(thousands: People) -> None:
    weeks = [availability.weekly for _, availability in thousands[:400]]
    assert any(hours.closes <= hours.opens for weekly in weeks for hours in weekly)
    assert any(hours.weekday == 6 for weekly in weeks for hours in weekly)
    assert all(
        before.minutes[1] <= after.minutes[0]
        for weekly in weeks
        for before, after in pairwise(sorted(weekly, key=lambda hours: hours.minutes))
    )
