"""What leads to a person: mail addresses, telephone, card and account numbers, national identity numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

# A first pass over all texts looks for one of these: a mail address, or enough digits close to each other.
SIGNS: Final = (
    r"@[A-Za-z0-9]|\+[1-9]|[0-9][-. )]{0,2}[0-9]{3}[-. ]?[0-9]{4}|[0-9]{2} ?[0-9]{2} ?[0-9]{2}"
    r"|[0-9]{3}-[0-9]{2}-|[0-9]{4}-[0-9]{4}|[0-9][0-9)]?[ .-][0-9]{2,4}[ .-][0-9]{2}|[0-9]{2,4} [0-9]{4,6}"
)
_SIGNED: Final = re.compile(SIGNS)
# What every telephone number has in it; it begins with one class, for such a pattern is looked for ten times as fast.
_IN_GROUPS: Final = re.compile(
    r"[+0-9](?:(?<=\+)[1-9]|[0-9]{2}[-.)]|\)?[ .-][0-9]{2}|(?<=0)[0-9][0-9 ()/.-]{6,15}[0-9])"
)
MAIL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}")
# Names that belong to nobody (RFC 2606, 6761, 6762), and users of servers that are no persons.
NOBODY: Final = re.compile(
    r"[@.]example(?:\.[a-z]{2,3}){1,2}$|\.(?:example|test|invalid|localhost|local|internal)$|^(?:git|no-?reply)@",
    re.IGNORECASE,
)
# With a country code, or as North America writes it: three, three and four digits with one kind of mark around them.
PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z.+-])(?:\+[1-9][0-9]{0,2}[ .-]?\(?[0-9]{1,4}\)?(?:[ .-]?\(?[0-9]{2,4}\)?){1,4}|\+[1-9][0-9]{9,13}"
    r"|(?:1[-. ])?\([2-9][0-9]{2}\) ?[0-9]{3}[-. ][0-9]{4}"
    r"|(?:1-)?[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}"
    r"|(?:1\.)?[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4})(?![0-9A-Za-z-])"
)
# As any country writes it, where a word says that it is one.
CALLED: Final = re.compile(
    r"\b(?:tele?phone|tel|phone|mobile|cell|fax|whatsapp|call)\b(?:[\s.:#]|\b(?:me|us|him|her|them|now|at|on|number|is|no)\b){0,6}"
    r"(?P<number>0[0-9][0-9 ()/.-]{6,15}[0-9])(?![0-9])"
    r"|(?:\b(?:tele?phone|phone|mobile|cell|fax|whatsapp)(?: number)?(?: is)?[:\s]{1,3}"
    r"|\b(?:answering|reach(?:ed)? \w{1,5}|call(?:ed)? \w{1,5}|messages?) (?:at|on|to|from) )"
    # In groups, and no address, date or version.
    r"(?!(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.]))(?!(?:19|20)[0-9]{2}[-/.])(?![0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:19|20))"
    r"(?P<grouped>\(?[0-9]{1,5}\)?[ .-][0-9]{2,7}(?:[ .-][0-9]{2,5}){0,4})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
# 555-0100 to 555-0199 are kept for fiction.
FICTION: Final = re.compile(r"555[-. ]01[0-9]{2}$")
FEWEST_DIGITS: Final = 9
FEWEST_GROUPED: Final = 7
IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"
    r"|[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?)(?![A-Za-z0-9])"
)
SHORTEST_IBAN: Final = 15
# ISO/IEC 7812: first digits of the large networks; groups of four, four-six-five, or none.
CARD: Final = re.compile(
    r"(?<![0-9A-Za-z.,-])(?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6(?:011|5[0-9]{2})|35[2-8][0-9])"
    r"(?P<mark>[ -]?)[0-9]{4}(?P=mark)[0-9]{4}(?P=mark)[0-9]{4}"
    r"|3[47][0-9]{2}(?P<other>[ -]?)[0-9]{6}(?P=other)[0-9]{5})(?![0-9A-Za-z-])"
)
# Every length and network (Maestro, Diners, JCB and the short and long Visa too), where a word says that it is a card.
CALLED_CARD: Final = re.compile(
    r"\bcards?\b[^0-9\n]{1,40}(?P<number>(?:4|5[0-9]|2[1-7]|6|3[0-9]|1800)[0-9]{10,18})(?![0-9A-Za-z-])", re.IGNORECASE
)
# Numbers that the networks print in their manuals.
TEST_CARDS: Final = frozenset(
    {
        "4111111111111111",
        "4242424242424242",
        "4012888888881881",
        "5555555555554444",
        "5105105105105100",
        "378282246310005",
    }
    | {
        "371449635398431",
        "6011111111111117",
        "4000056655665556",
        "4000000000000002",
        "2223003122003222",
        "4222222222222",
    }
)
SSN: Final = re.compile(r"(?<![0-9-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])")
# Printed in wallets and manuals.
NO_SSN: Final = frozenset({"078-05-1120", "123-45-6789", "219-09-9999", "111-11-1111"})
NINO: Final = re.compile(
    r"\b(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b"
)
NO_NINO: Final = frozenset({"QQ123456", "AB123456"})
DNI: Final = re.compile(r"(?<![0-9A-Za-z-])[0-9XYZ][0-9]{7}-?[A-Z](?![0-9A-Za-z])")
DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
INSEE: Final = re.compile(
    r"(?<![0-9])[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]) ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}(?![0-9])"
)
MARKS: Final = re.compile(r"[^0-9A-Za-z]")


def mail_addresses(text: str) -> Iterator[str]:
    """Addresses of somebody."""
    return (found[0] for found in MAIL.finditer(text) if not NOBODY.search(found[0]))


def telephone_numbers(text: str) -> Iterator[str]:
    """Numbers with a country code, in North American form, or called a telephone number."""
    if not (_IN_GROUPS.search(text) and _SIGNED.search(text)):
        return
    called = list(CALLED.finditer(text))
    written = [found[0] for found in PHONE.finditer(text)] + [found["number"] for found in called if found["number"]]
    plain = [number for number in written if len(_digits(number)) >= FEWEST_DIGITS]
    grouped = [found["grouped"] for found in called if found["grouped"]]
    plain += [number for number in grouped if len(_digits(number)) >= FEWEST_GROUPED]
    yield from (number for number in plain if not FICTION.search(number))


def account_numbers(text: str) -> Iterator[str]:
    """IBANs whose checksum is right (ISO 13616: modulo 97 is 1)."""
    for found in IBAN.finditer(text):
        plain = found[0].replace(" ", "")
        moved = plain[4:] + plain[:4]
        if len(plain) >= SHORTEST_IBAN and int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1:
            yield found[0]


def card_numbers(text: str) -> Iterator[str]:
    """Numbers of the large networks, and what is called a card, whose last digit is right (Luhn)."""
    written = [found[0] for found in CARD.finditer(text)] + [found["number"] for found in CALLED_CARD.finditer(text)]
    for number in written:
        digits = _digits(number)
        doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
        if (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0 and digits not in TEST_CARDS:
            yield number


def identity_numbers(text: str) -> Iterator[str]:
    """Social security and insurance numbers: United States, United Kingdom, Spain and France, by form and checksum."""
    yield from (found[0] for found in SSN.finditer(text) if found[0] not in NO_SSN)
    yield from (found[0] for found in NINO.finditer(text) if MARKS.sub("", found[0])[:-1] not in NO_NINO)
    for found in DNI.finditer(text):
        plain = found[0].replace("-", "")
        if DNI_LETTERS[int(plain[:-1].translate(str.maketrans("XYZ", "012"))) % 23] == plain[-1]:
            yield found[0]
    for found in INSEE.finditer(text):
        digits = _digits(found[0])
        if 97 - int(digits[:13]) % 97 == int(digits[13:]):
            yield found[0]


PERSONAL: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    "mail address": mail_addresses,
    "telephone number": telephone_numbers,
    "bank account": account_numbers,
    "card number": card_numbers,
    "national identity number": identity_numbers,
}


def personal(text: str) -> Iterator[tuple[str, str]]:
    """Each kind of personal data that a text holds, with the first of its kind."""
    for kind, look in PERSONAL.items():
        for found in look(text):
            yield kind, found
            break


def beginning(piece: str) -> str:
    """As much of it as a report may show: a report is published, and must not publish it a second time."""
    return f"{piece[: min(12, len(piece) // 3)]}…"


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())
