"""Rule `text.personal`: what leads to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from strigil.audits.rules.text_rule import Of, TextRule
from strigil.audits.suite.findings import Finding, examine
from strigil.audits.texts.look_alikes import UNSEEN, UNSURE, unhidden
from strigil.audits.texts.personal import SIGNS, beginning, personal
from strigil.data.parts import PARTS

if TYPE_CHECKING:
    import polars as pl


class TextPersonal(TextRule):
    """Rejects rows with a mail address, a telephone number, an IBAN, a card number or a national identity number.

    Accounts, cards and the Spanish and French numbers count by their checksum; of telephone numbers, those with a
    country code, in North American form, or after a word such as "phone"; of cards, what is called one, or has the form
    of one of the large networks. What belongs to nobody is left alone: domains that are kept for examples, 555-0100 to
    555-0199, the cards of the networks' manuals. Names and postal addresses are not looked for. Evidence shows only the
    beginning.

    Sources: RFC 2606, 6761, 6762; ISO 13616 (IBAN); ISO/IEC 7812 (cards).
    """

    name: ClassVar[str] = "text.personal"
    harm: ClassVar[bool] = True
    version: ClassVar[str] = "3"
    good: ClassVar[tuple[str, ...]] = (
        "Write to someone@example.com, git@github.com or call 202-555-0143.",
        "Pay with 4111 1111 1111 1111 in the sandbox.",
        "4539 1488 0343 6468 is off by one digit.",
        "123 456 7890, 214 748 3647",
        "GB82 WEST 1234 5698 7654 33",
        "The form shows 123-45-6789.",
        "On 2024-01-31 at 12:30:59, version 1.22.3334",
        "They called us on 2024-01-31, then on 31.01.2024; the phone is at 10.20.30.40. Reach it at 12 34.",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "mail jane.doe@university.ac.uk today": "mail address",
        "Call 1-415-867-5309 now.": "telephone number",
        "my phone number is 030 9876 5432": "telephone number",
        "They do not answer, I called them at 78 651 450.": "telephone number",
        "I lost my card 30569309025904 today": "card number",
        "GB82 WEST 1234 5698 7654 32": "bank account",
        "card 4539 1488 0343 6467, thanks": "card number",
        "SSN 536-90-4399": "national identity number",
        "DNI 12345678Z": "national identity number",
    }

    of: Of = PARTS

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts by the number of kinds; evidence is the beginning of the first."""
        return examine(texts, texts.str.contains(f"{SIGNS}|{UNSEEN}|{UNSURE}"), _look)


def _look(text: str) -> Finding | None:
    found = dict(personal(unhidden(text)))
    if not found:
        return None
    return Finding(float(len(found)), "; ".join(found), beginning(next(iter(found.values()))))
