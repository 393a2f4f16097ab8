"""Text as search sees it: without case or accents, in n-grams."""

from __future__ import annotations

import string
import unicodedata

LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "’": "'"}
)
"""Letters that Unicode does not decompose, as people without them on their keyboard type them."""

LONGEST = 3


def fold(text: str) -> str:
    """Case, accents and repeated blanks taken off: ``fold("Nguyễn  Thị") == "nguyen thi"``."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.translate(LETTERS).split())


def grams(folded: str) -> list[str]:
    """Every run of one to three characters, once each, sorted."""
    runs = {folded[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(folded) - n + 1)}
    return sorted(runs)


_ASCII_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def email_key(email: str) -> str:
    """The same for addresses that reach the same mailbox, as far as anybody may know: ASCII letters alone lose their
    case. Case folding would make one of two domains that belong to different people (``straße.de`` and ``strasse.de``,
    RFC 5891), and lower case would of the Kelvin sign."""
    return email.translate(_ASCII_LOWER)
