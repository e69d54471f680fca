"""Rule `text.secrets`: keys, mail addresses and telephone numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import polars as pl

from strigil.audits.rules.rule import Rule
from strigil.audits.suite.findings import by_reason
from strigil.data.rows import completion_text

EDGE: Final = "(?:^|[^A-Za-z0-9_-])"
KEYS: Final = {
    "private key": r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----)",
    "AWS key": rf"{EDGE}((?:AKIA|ASIA)[0-9A-Z]{{16}})(?:[^0-9A-Za-z]|$)",
    "GitHub token": rf"{EDGE}(gh[pousr]_[A-Za-z0-9]{{36,255}}|github_pat_[A-Za-z0-9_]{{22,255}})",
    "Hugging Face token": rf"{EDGE}(hf_[A-Za-z0-9]{{30,60}})",
    "Anthropic key": rf"{EDGE}(sk-ant-[A-Za-z0-9_-]{{20,200}})",
    "OpenAI key": rf"{EDGE}(sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9]{{20,}}[A-Za-z0-9_-]{{0,200}})",
    "Google key": rf"{EDGE}(AIza[0-9A-Za-z_-]{{35}})",
    "Slack token": rf"{EDGE}(xox[abeprs]-[A-Za-z0-9-]{{10,200}})",
    "Stripe key": rf"{EDGE}([sr]k_live_[0-9A-Za-z]{{20,200}})",
    "PyPI token": rf"{EDGE}(pypi-AgE[A-Za-z0-9_-]{{50,250}})",
    "JSON web token": rf"{EDGE}(eyJ[A-Za-z0-9_-]{{10,}}\.eyJ[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_-]{{10,}})",
}
MAIL: Final = r"([A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24})"
# Names that belong to nobody (RFC 2606, RFC 6761).
NOBODY: Final = r"(?i)(?:[@.]example\.(?:com|net|org|edu)|\.(?:example|test|invalid|localhost))$"
# With a country code, or as North America writes it: three, three and four digits with one kind of mark around them.
PHONE: Final = (
    r"(?:^|[^0-9A-Za-z.+-])(\+[1-9][0-9]{0,2}(?:[ -]\(?[0-9]{2,4}\)?){2,5}|\+[1-9][0-9]{9,13}"
    r"|\([2-9][0-9]{2}\) ?[0-9]{3}[-. ][0-9]{4}"
    r"|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}"
    r"|[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4})(?:[^0-9A-Za-z-]|$)"
)
# 555-0100 to 555-0199 are kept for fiction.
FICTION: Final = r"555[-. ]01[0-9]{2}$"
# Fewer than nine digits.
SHORT: Final = r"^[^0-9]*(?:[0-9][^0-9]*){1,8}$"


class TextSecrets(Rule):
    """Rejects rows with something that looks like a working key, or that leads to a person.

    Evidence shows only the beginning: a report is published, and must not publish the secret a second time.
    """

    name: ClassVar[str] = "text.secrets"
    good: ClassVar[tuple[str, ...]] = (
        "Write to someone@example.com or call 202-555-0143.",
        "123 456 7890, 214 748 3647",
        "sk-learn, the sketch of ghp_ and AKIA",
        "2024-01-31 at 12:30:59, version 1.22.3334",
        "import os\nkey = os.environ['API_KEY']",
        "The task-sk-123456789012345678901234567890 is a name",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "key = 'AKIA" + "Q3EGRZ5SPAM7WXYZ'": "AWS key",
        "token: ghp_" + "a1B2" * 9: "GitHub token",
        "hf_" + "Xy9k" * 8 + "AB": "Hugging Face token",
        "sk-proj-" + "Ab3d" * 10: "OpenAI key",
        "-----BEGIN RSA " + "PRIVATE KEY-----": "private key",
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N": "JSON web token",
        "mail jane.doe@university.ac.uk today": "mail address",
        "call +44 20 7946 0958": "telephone number",
        "call (415) 867-5309.": "telephone number",
    }

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows by the number of kinds of secrets; evidence is the beginning of the first."""
        texts = rows.select(completion_text().fill_null("")).to_series()
        text = pl.col("text")
        found = {kind: text.str.extract(pattern) for kind, pattern in KEYS.items()}
        found["mail address"] = _first(text.str.extract_all(MAIL), unless=NOBODY)
        found["telephone number"] = _first(text.str.extract_all(PHONE), unless=f"{FICTION}|{SHORT}", inside=PHONE)
        return by_reason(texts, {kind: _beginning(piece) for kind, piece in found.items()})


def _first(pieces: pl.Expr, *, unless: str, inside: str = "(?s)^(.*)$") -> pl.Expr:
    piece = pl.element().str.extract(inside)
    return pieces.list.eval(piece.filter(~piece.str.contains(unless))).list.first()


def _beginning(piece: pl.Expr) -> pl.Expr:
    shown = pl.min_horizontal(pl.lit(12), piece.str.len_chars() // 3)
    return pl.concat_str(piece.str.head(shown), pl.lit("…"))
