"""Rule `text.secrets`: keys, passwords in addresses, mail addresses and telephone numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

import polars as pl

from strigil.audits.rules.text_rule import Of, TextRule
from strigil.audits.suite.findings import Finding, examine, only_where
from strigil.audits.texts.look_alikes import UNSEEN, UNSURE, unhidden
from strigil.audits.texts.personal import SIGNS, beginning, mail_addresses, telephone_numbers
from strigil.audits.texts.secrets import may_hold_keys, may_hold_secrets, secrets, signs_of_secrets
from strigil.data.parts import PARTS

PERSONAL: Final = {"mail address": mail_addresses, "telephone number": telephone_numbers}


class TextSecrets(TextRule):
    """Rejects rows with something that looks like a working key or password, or that leads to a person.

    Keys count by the form that their providers give them, or where they are called a key or a password;
    placeholders of manuals, lessons and tests do not. Characters that nobody sees hide nothing.
    Evidence shows only the beginning: a report is published, and must not publish the secret a second time.
    """

    name: ClassVar[str] = "text.secrets"
    harm: ClassVar[bool] = True
    version: ClassVar[str] = "5"
    good: ClassVar[tuple[str, ...]] = (
        "Write to someone@example.com or call 202-555-0143.",
        "123 456 7890, 214 748 3647",
        "sk-learn, the sketch of ghp_ and AKIA",
        "2024-01-31 at 12:30:59, version 1.22.3334",
        "import os\nkey = os.environ['API_KEY']",
        "aws = 'AKIAIOSFODNN7EXAMPLE', ghp_XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "postgresql://user:password@localhost/app, mysql://root:${PASSWORD}@db/app",
        "The task-sk-123456789012345678901234567890 is a name",
        "password = getpass.getpass(), api_key: 'your-api-key-0', token = tokens2ids[token], secret=os.environ['S3']",
        "password: 'password123', pwd = 'test1234', client_secret=${SECRET_2}, access_token: xxxxxxxx-1111",
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
        "aws_secret_access_key=" + "wJalrXUtnF3MIK7MDENG/bPxRfiCY8zKq2LmNpQr": "key by its name",
        'api_key: "' + '9f8e7d6c5b4a39281706f5e4d3c2b1a0"': "key by its name",
        "password = 'c0rrecth0rsebat'": "password by its name",
        "ya29." + "a0AfB_byC7xKq9Zb2dR4" * 4: "Google OAuth token",
        "mail jane.doe@university.ac.uk today": "mail address",
        "call +44 20 7946 0958": "telephone number",
        "call (415) 867-5309.": "telephone number",
        "Call 1-415-867-5309 now.": "telephone number",
    }

    of: Of = PARTS

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts by the number of kinds of secrets; evidence is the beginning of the first."""
        maybe = texts.str.contains(f"{signs_of_secrets()}|{SIGNS}")
        return only_where(maybe, _closer(texts.filter(maybe)))


def _closer(texts: pl.Series) -> pl.DataFrame:
    looked = pl.DataFrame({"text": texts}).select(
        keys=may_hold_keys(pl.col("text")),
        secret=may_hold_secrets(pl.col("text")),
        personal=pl.col("text").str.contains(f"{SIGNS}|{UNSEEN}|{UNSURE}"),
    )
    keys, secret, personal = (frozenset(texts.filter(looked[name])) for name in looked.columns)

    def look(text: str) -> Finding | None:
        held = secrets(text, only_named=text not in keys) if text in secret else ()
        return _told(held, text if text in personal else "")

    return examine(texts, looked["secret"] | looked["personal"], look)


def _told(secret: Iterable[tuple[str, str]], personal: str) -> Finding | None:
    """What is said of secrets with their kinds, and of a text that may lead to a person."""
    found: dict[str, str] = {}
    for kind, piece in secret:
        found.setdefault(kind, piece)
    if personal:
        plain = unhidden(personal)
        found |= {kind: piece for kind, look in PERSONAL.items() for piece in [next(look(plain), None)] if piece}
    if not found:
        return None
    return Finding(float(len(found)), "; ".join(found), beginning(next(iter(found.values()))))
