"""Believable experts, the same for the same seed. Pure functions.

The n-th expert of a seed depends on the seed and on n alone, so a longer sample begins with the shorter one.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import time
from functools import lru_cache
from math import gcd
from random import Random
from typing import TypeVar

from engine.availability import Availability, Hours
from engine.model import EXPERT_ID_LENGTH, Expert, base36
from engine.sample_data import CATEGORIES, CULTURES, Culture, Trade

T = TypeVar("T")

GOLDEN = 0.6180339887498949
GROUP_EVERY = 8
"""One expert in each block of so many gives group sessions."""

OPENINGS = (
    "{name} has worked as {title} for {years} years and lives in {city}.",
    "Based in {city}, {name} has been {title} for {years} years.",
    "{name} is {title} from {city} with {years} years of practice.",
    "After {years} years as {title} in {city}, {name} now advises people all over the world.",
)
WEEKDAYS, SUNDAY_TO_THURSDAY, NOT_SUNDAY = (0, 1, 2, 3, 4), (6, 0, 1, 2, 3), (0, 1, 2, 3, 4, 5)
SUNDAY_WORKS = ("Africa/Cairo", "Asia/Kathmandu")
WEEKS: tuple[tuple[tuple[int, ...], tuple[tuple[str, str], ...]], ...] = (
    (WEEKDAYS, (("09:00", "12:00"), ("13:00", "17:00"))),
    (WEEKDAYS, (("08:00", "13:00"),)),
    (WEEKDAYS, (("17:00", "21:00"),)),
    ((0, 2, 4), (("10:00", "13:00"), ("14:30", "18:30"))),
    ((1, 3, 5), (("07:30", "11:30"), ("19:00", "21:00"))),
    ((5, 6), (("10:00", "16:00"),)),
    (NOT_SUNDAY, (("14:00", "19:00"),)),
    ((2, 3, 4, 5), (("21:00", "01:00"),)),
)
"""Weekdays, and the hours of each of them."""
GROUP_WEEKS: tuple[tuple[tuple[int, ...], tuple[tuple[str, str], ...]], ...] = (
    ((1, 3), (("18:00", "20:00"),)),
    ((5,), (("10:00", "13:00"),)),
    ((0, 2, 4), (("12:00", "13:00"),)),
)

MAIL_DOMAINS = ("example.com", "example.org", "example.net")
"""Reserved by RFC 2606: no mail ever arrives."""
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "ı": "i", " ": "."})
"""What Unicode does not decompose into an ASCII letter and marks; a space becomes a dot."""


def sample(seed: int, experts: int) -> Iterator[tuple[Expert, Availability]]:
    """``experts`` experts with ids and addresses of their own, and their weekly hours in their own zones."""
    addresses: Counter[str] = Counter()
    for index in range(experts):
        yield _expert(seed, index, addresses)


def _expert(seed: int, index: int, addresses: Counter[str]) -> tuple[Expert, Availability]:
    rng = _random(seed, "expert", index)
    category = _dealt(seed, "category", index, tuple(CATEGORIES))
    culture = _dealt(seed, "culture", index, CULTURES)
    trade = rng.choice(CATEGORIES[category].trades)
    name, given = _name(seed, culture, index // len(CULTURES))
    city, time_zone = rng.choice(culture.places)
    years = min(30, 2 + int(rng.expovariate(1 / 9)))
    tongue = culture.languages[0]
    title = trade.title.format(tongue=tongue)
    in_group = _dealt(seed, "group", index, range(GROUP_EVERY)) == 0
    availability = _availability(rng, time_zone, in_group)

    bio = _story(rng, category, trade, in_group, tongue).format(
        name=given,
        title=_with_article(title),
        years=years,
        city=city,
        tongue=tongue,
        seats=availability.seats,
    )
    expert = Expert(
        id=_id(seed, index),
        name=name,
        category=category,
        headline=f"{title[0].upper()}{title[1:]} · {trade.promise}",
        bio=bio,
        languages=_languages(rng, culture),
        time_zone=time_zone,
        experience=years,
        rating=round(rng.triangular(3.8, 5.0, 4.8), 1),
        review_count=int(years * rng.uniform(1, 25)),
        email=_email(rng, name, addresses),
        phone="".join(str(rng.randrange(10)) if digit == "x" else digit for digit in culture.phone),
    )
    return expert, availability


def _story(rng: Random, category: str, trade: Trade, in_group: bool, tongue: str) -> str:
    """A bio of two to four sentences, in which names and numbers are still to be filled in."""
    sentences = [rng.choice(OPENINGS), trade.work]
    if rng.random() < 0.7:
        sentences.append(rng.choice(CATEGORIES[category].manners))
    if in_group:
        sentences.append("Sessions are for groups of up to {seats}, and questions from everybody come first.")
    elif tongue != "English" and category != "Languages":
        sentences.append("Sessions are in English or, if you prefer, in {tongue}.")
    return " ".join(sentences)


def _random(seed: int, what: str, index: int = 0) -> Random:
    """A source of its own for each thing, the same in every process."""
    return Random(f"{seed} {what} {index}")


def _dealt(seed: int, what: str, index: int, cards: Sequence[T]) -> T:
    """The card at ``index`` when a pack is dealt again and again, shuffled anew each time."""
    times, place = divmod(index, len(cards))
    return cards[_pack(seed, what, times, len(cards))[place]]


@lru_cache(maxsize=8)
def _pack(seed: int, what: str, times: int, size: int) -> list[int]:
    return _random(seed, what, times).sample(range(size), size)


def _spread(index: int, offset: int, size: int) -> int:
    """A number below ``size`` far from that of the index before; none comes twice within ``size`` indices."""
    stride = int(size * GOLDEN)
    while gcd(stride, size) != 1:
        stride += 1
    return (offset + index * stride) % size


def _id(seed: int, index: int) -> str:
    ids = 36**EXPERT_ID_LENGTH
    number = _spread(index, _random(seed, "id").randrange(ids), ids)
    return base36(number).rjust(EXPERT_ID_LENGTH, "0")


def _name(seed: int, culture: Culture, index: int) -> tuple[str, str]:
    """The full name of the ``index``-th person of a culture, and what a friend would say."""
    names = len(culture.given) * len(culture.family)
    offset = _random(seed, culture.family[0]).randrange(names)
    family, given = divmod(_spread(index, offset, names), len(culture.given))
    if culture.family_first:
        return f"{culture.family[family]} {culture.given[given]}", culture.given[given].split()[-1]
    return f"{culture.given[given]} {culture.family[family]}", culture.given[given]


def _languages(rng: Random, culture: Culture) -> tuple[str, ...]:
    tongue, *others = culture.languages
    known = [tongue, "English", *(other for other in others if rng.random() < 0.4)]
    return tuple(dict.fromkeys(known))


def _email(rng: Random, name: str, addresses: Counter[str]) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(LETTERS))
    local = "".join(letter for letter in plain if letter.isascii() and (letter.isalpha() or letter in ".-"))
    addresses[local] += 1
    number = addresses[local] if addresses[local] > 1 else ""
    return f"{local}{number}@{rng.choice(MAIL_DOMAINS)}"


def _with_article(title: str) -> str:
    """No title begins with a U that is not said like "you"."""
    return f"{'an' if title[0].lower() in 'aeio' else 'a'} {title}"


def _availability(rng: Random, time_zone: str, in_group: bool) -> Availability:
    weekdays, daily = rng.choice(GROUP_WEEKS if in_group else WEEKS)
    if weekdays == WEEKDAYS and time_zone in SUNDAY_WORKS:
        weekdays = SUNDAY_TO_THURSDAY
    weekly = tuple(
        Hours(weekday, time.fromisoformat(opens), time.fromisoformat(closes))
        for weekday in weekdays
        for opens, closes in daily
    )
    if in_group:
        return Availability(time_zone, weekly, slot_minutes=60, seats=rng.randint(4, 30))
    return Availability(time_zone, weekly, rng.choice((30, 45, 60, 60)), rng.choice((0, 0, 10, 15)))
