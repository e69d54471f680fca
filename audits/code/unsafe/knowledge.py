"""What is known of libraries: where requests come in, what escapes a value for which place, what hands it on."""

from __future__ import annotations

from typing import Final

from strigil.audits.code.unsafe.values import Place

FROM_REQUEST: Final = frozenset(
    {"args", "form", "values", "json", "data", "files", "cookies", "headers", "GET", "POST", "FILES", "META", "COOKIES"}
    | {"get_json", "query_params", "path_params", "query_string", "query", "params", "body", "stream", "url", "path"}
    | {"full_path", "get_data", "user_agent", "match_info", "rel_url", "matchdict", "referrer", "host"}
)
ALL: Final = tuple(Place)
CLEANERS: Final[dict[str, tuple[Place, ...]]] = {
    **dict.fromkeys(("int", "float", "bool", "len", "abs", "round", "hash", "ord", "sum", "id", "isinstance"), ALL),
    **dict.fromkeys(("UUID", "uuid4", "uuid1", "token_hex", "token_urlsafe", "hexdigest", "isoformat", "date"), ALL),
    **dict.fromkeys(("escape", "escape_html", "html_escape", "conditional_escape", "clean", "bleach"), (Place.MARKUP,)),
    **dict.fromkeys(
        ("sanitize", "sanitise", "sanitize_html", "strip_tags", "format_html", "forceescape"), (Place.MARKUP,)
    ),
    **dict.fromkeys(("jsonify", "dumps", "urlize", "b64encode"), (Place.MARKUP,)),
    **dict.fromkeys(("quote", "quote_plus", "urlencode"), (Place.SHELL, Place.MARKUP)),
    "secure_filename": (Place.PATH, Place.MARKUP, Place.SHELL),
    **dict.fromkeys(("basename", "safe_join"), (Place.PATH,)),
    **dict.fromkeys(("url_for",), (Place.ADDRESS, Place.MARKUP)),
    **dict.fromkeys(("escape_string", "quote_ident", "quote_identifier", "Identifier", "literal"), (Place.SQL,)),
}
# Functions that hand on what they are given; of any other, all that is known is that it was called.
HAND_ON: Final = frozenset(
    {"str", "repr", "bytes", "os.path.join", "os.path.abspath", "os.path.realpath", "os.path.normpath", "list", "tuple"}
    | {"urllib.parse.urljoin", "urllib.parse.unquote", "json.loads", "sorted", "reversed", "set", "dict", "enumerate"}
    | {
        "zip",
        "map",
        "filter",
        "next",
        "iter",
        "urllib.parse.urlparse",
        "urlparse",
        "urljoin",
        "unquote",
        "pathlib.Path",
    }
    | {"Path", "os.path.splitext", "os.path.relpath", "os.path.commonprefix", "os.path.commonpath", "os.fspath"}
)
ARCHIVES: Final = frozenset({"tarfile.open", "tarfile.TarFile", "tarfile.TarFile.open"})
MEMBERS: Final = frozenset({"getmembers", "infolist"})
MEMBER_NAMES: Final = frozenset({"getnames", "namelist"})
