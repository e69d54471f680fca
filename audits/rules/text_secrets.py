"""Rule `text.secrets`: keys, passwords in addresses, mail addresses and telephone numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from strigil.audits.rules.rule import Rule
from strigil.audits.suite.findings import Finding, examine
from strigil.audits.texts.personal import SIGNS, beginning, mail_addresses, telephone_numbers
from strigil.audits.texts.secrets import secret_starts, secrets
from strigil.data.rows import completion_text

if TYPE_CHECKING:
    import polars as pl

PERSONAL: Final = {"mail address": mail_addresses, "telephone number": telephone_numbers}


class TextSecrets(Rule):
    """Rejects rows with something that looks like a working key or password, or that leads to a person.

    Keys count by the form that their providers give them; placeholders of manuals do not.
    Evidence shows only the beginning: a report is published, and must not publish the secret a second time.
    """

    name: ClassVar[str] = "text.secrets"
    harm: ClassVar[bool] = True
    version: ClassVar[str] = "2"
    good: ClassVar[tuple[str, ...]] = (
        "Write to someone@example.com or call 202-555-0143.",
        "123 456 7890, 214 748 3647",
        "sk-learn, the sketch of ghp_ and AKIA",
        "2024-01-31 at 12:30:59, version 1.22.3334",
        "import os\nkey = os.environ['API_KEY']",
        "aws = 'AKIAIOSFODNN7EXAMPLE', ghp_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "postgresql://user:password@localhost/app, mysql://root:${PASSWORD}@db/app",
        "The task-sk-123456789012345678901234567890 is a name",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "key = 'AKIA" + "Q3EGRZ5SPAM7WXYZ'": "AWS key",
        "token: ghp_" + "a1B2" * 9: "GitHub token",
        "hf_" + "Xy9k" * 8 + "AB": "Hugging Face token",
        "sk-proj-" + "Ab3d" * 10: "OpenAI key",
        "-----BEGIN RSA " + "PRIVATE KEY-----": "private key",
        "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N": "JSON web token",
        "mysql://root:hunter22@db.internal/app": "password in an address",
        "glpat-" + "x7Kq9" * 4: "GitLab token",
        "mail jane.doe@university.ac.uk today": "mail address",
        "call +44 20 7946 0958": "telephone number",
        "call (415) 867-5309.": "telephone number",
        "Call 1-415-867-5309 now.": "telephone number",
    }

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows by the number of kinds of secrets; evidence is the beginning of the first."""
        texts = rows.select(completion_text().fill_null("")).to_series()
        doubtful = texts.str.contains_any(list(secret_starts())) | texts.str.contains(SIGNS)
        return examine(texts, doubtful, _look)


def _look(text: str) -> Finding | None:
    found: dict[str, str] = {}
    for kind, piece in secrets(text):
        found.setdefault(kind, piece)
    found |= {kind: piece for kind, look in PERSONAL.items() for piece in [next(look(text), None)] if piece}
    if not found:
        return None
    return Finding(float(len(found)), "; ".join(found), beginning(next(iter(found.values()))))
