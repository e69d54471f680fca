"""What the text of insecure code must hold: one pass over all texts, before any of them is parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from strigil.audits.code.unsafe.hosts import ENDS
from strigil.audits.code.unsafe.knowledge import FROM_REQUEST
from strigil.audits.code.unsafe.scope import ROUTES
from strigil.audits.suite.findings import places_of

# What is named like a secret, and given something or compared.
_NAMED: Final = (
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|secret|api_?key|access_?key|private_?key|secret_?key|token)"
    r"s?['\"]?\]?\s*(?::[\[\], A-Za-z.]{0,40}=|[:=]|==)"
)
# What a piece of the tree shows by itself needs one of these: a name that runs, reads or opens something, a secret that
# is given a text, an argument that opens a server or a file.
BY_ITSELF: Final = (
    r"(?i-u)(?:^|[\x00-\-/:-@\[-^`{-\x7f])(?:eval|exec)\b|\bbuiltins\b|\bexec[lv]p?e?\b"
    r"|\b(?:popen|mktemp|te?mpnam|marshal|shelve|ARC4|MODE_ECB|DES|dill|chmod|umask|spawn)\b"
    r"|joblib|yaml|torch\.load|InteractiveInterp|__import__|import_module"
    r"|getoutput|getstatusoutput|create_subprocess_shell|allow_pickle"
    r"|\.bind\(|\b(?:host|address|bind)\s*=|['\"]0\.0\.0\.0|['\"]::['\"]"
    rf"|{_NAMED}[\s(\\]*(?:#[\x00-\x09\x0b-\x7f]*\n[\s(]*)*(?:[\w.\[\]'\"]+\s*=\s*)*[ru]?['\"]|==\s*\w*\.?(?:password|passwd|pwd|passphrase|secret|token)"
    r"|\bmode\s*=\s*(?:0|s|[0-9])|makedirs|\bmkdir|os\.open"
    r"|verify\s*=|check_hostname|CERT_NONE|_create_(?:unverified|stdlib)_context|debug\s*=|autoescape|jinja"
    rf"|['\"](?:https?://)?[a-z0-9._-]+\.{ENDS}\b"
)
ADDRESSES: Final = "(?i-u)[a-z]://"
# Or one of the first, and one of the second: a module with what it has, a secret with what is drawn for it, an address
# with a password or in a pattern.
TOGETHER: Final[dict[str, str]] = {
    "pickle": r"(?i-u)load|Unpickler|decode",
    "subprocess": "(?i-u)shell",
    "system": r"(?i-u)\bos\b",
    "socket": r"(?i-u)\bimport\b|socket\s*\.\s*(?:socket|create_)",
    f"(?i-u){_NAMED}": "(?i-u)random",
    ADDRESSES: r"(?i-u)@|\\(?:x40|100|u0040|U00000040|N)|\bre\b",
}
# A value only does harm where one of these is, ...
_STATEMENT: Final = r"insert\s+into|delete\s+from|(?:drop|create|alter)\s+(?:table|database)|union\s+select"
FLOWS: Final[dict[str, str]] = {
    **dict.fromkeys((".extract", "unpack_archive", "template", "markup", "mark_safe", "jinja", "&lt;", "redirect"), ""),
    **dict.fromkeys((".save(", "os.system", "popen", ".filename", "hashlib", "md5", "chmod"), ""),
    **dict.fromkeys(("requesthandler", "httpresponse", "htmlresponse"), ""),
    "<": r"</?[a-z][a-z0-9]*[\s>/]",
    "request": r"\brequest\b",
    "shell": r"shell\s*=",
    "sha": r"sha1?\b",
    "select": r"\bselect\b.{0,400}\bfrom|union\s+select",
    "update": r"\bupdate\b.{0,200}\bset",
    "insert": r"insert\s+into",
    "delete": r"delete\s+from",
    "drop": r"drop\s+(?:table|database)",
    "create": r"create\s+(?:table|database)",
    "alter": r"alter\s+(?:table|database)",
}
_FLOWS: Final = {word: re.compile(pattern, re.DOTALL) for word, pattern in FLOWS.items() if pattern}
# ... and one of these: an archive, markup, what a request says, a shell that may be cleared, a hash, a mode, SQL.
HARMS: Final = (
    r"(?i-u)\.extract|unpack_archive|render_template|markup|mark_safe|SafeString|SafeText|jinja|<[a-z!/]|&lt;"
    rf"|\b(?:req|request)\s*\.\s*(?:{'|'.join(sorted(FROM_REQUEST))})\b|request\s+as\b|RequestHandler"
    rf"|@[\x00-\x09\x0b-\x7f]*\b(?:{'|'.join(sorted(ROUTES))})\b|get_(?:query_|body_)?argument|get_json"
    r"|shell|system|popen|getoutput|getstatusoutput|spawn|\.filename|hashlib|md5|\bsha1?\b|chmod"
    rf"|\b(?:select|update)\b|{_STATEMENT}"
)

# The first docstring: after the end of what a function takes, and alone on its lines.
DOCSTRING: Final = (
    r"\)[^\n:]*:[ \t]*(?:#[^\n]*)?\n\s*[rR]?"
    r"(?:\"{3}(?:[^\"]|\"{1,2}[^\"])*\"{3}|'{3}(?:[^']|'{1,2}[^'])*'{3})[ \t]*(?:\n|$)"
)


@dataclass(frozen=True)
class Signs:
    """What a text may hold: pieces that are insecure by themselves, values that flow to where they do harm."""

    alone: bool = True
    flows: bool = True


def signs_in(texts: pl.Series) -> pl.DataFrame:
    """Where a text may hold insecure code, as the columns `alone` and `flows` (`Signs`): n booleans each.

    Args:
        texts: n texts without nulls.
    """
    shown = _shown(texts)
    doubtful = shown["alone"] | shown["flows"]
    # A docstring is prose, and does nothing; only a password may stand in it.
    chosen = texts.filter(doubtful)
    bare = _shown(chosen.str.replace(DOCSTRING, ")"))
    bare = bare.with_columns(alone=bare["alone"] | _together(chosen, ADDRESSES))
    return bare.select(pl.all().gather(places_of(doubtful)).fill_null(value=False))


def _shown(texts: pl.Series) -> pl.DataFrame:
    text = pl.col("text")
    patterns = (pattern or re.escape(word) for word, pattern in FLOWS.items())
    flows = "(?i-u)" + "|".join(patterns).replace(".{0,", r"[\x00-\x7f]{0,")
    return pl.DataFrame({"text": texts}).select(
        alone=pl.any_horizontal(
            text.str.contains(BY_ITSELF),
            *(text.str.contains(one) & text.str.contains(other) for one, other in TOGETHER.items()),
        ),
        flows=text.str.contains(flows) & text.str.contains(HARMS),
    )


def _together(texts: pl.Series, sign: str) -> pl.Series:
    return texts.str.contains(sign) & texts.str.contains(TOGETHER[sign])


def may_flow(code: str) -> bool:
    """Whether a value may come to where it does harm; only then are values followed."""
    small = code.lower()
    return any(word in small and (word not in _FLOWS or _FLOWS[word].search(small)) for word in FLOWS)
