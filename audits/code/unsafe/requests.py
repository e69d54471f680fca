"""What a request says, used as a path, an address or a file's name; weak hashes of what is named like a secret."""

from __future__ import annotations

from typing import Final

from strigil.audits.code.unsafe.calling import Called
from strigil.audits.code.unsafe.values import Label, Place, Source
from strigil.audits.code.unsafe.weaknesses import ADDRESS, PATH, REDIRECT, UPLOAD, WEAK_HASH

OPENS: Final = frozenset(
    {"open", "io.open", "os.remove", "os.unlink", "os.rmdir", "shutil.rmtree", "os.rename", "os.listdir", "codecs.open"}
    | {
        "flask.send_file",
        "send_file",
        "shutil.copy",
        "shutil.move",
        "pathlib.Path.open",
        "aiofiles.open",
        "FileResponse",
    }
)
CLIENTS: Final = ("requests", "httpx", "aiohttp", "urllib3", "session", "urllib.request")
FETCHES: Final = frozenset({"get", "post", "put", "delete", "head", "patch", "urlopen", "urlretrieve"})
# A redirect to the same page.
OWN: Final = frozenset(f"{flask}request.{part}" for flask in ("", "flask.") for part in ("url", "path", "full_path"))
WEAK: Final = frozenset({"md5", "sha1", "md4", "sha", "md2"})


def path(called: Called) -> str | None:
    """A path that a request decides."""
    saves = called.last == "save" and len(called.positional) == 1
    if not (called.name in OPENS or saves) or not called.positional:
        return None
    given = called.positional[0]
    if saves and Label.UPLOAD_NAME in given.labels:
        return None
    return PATH if given.risk(Place.PATH) is Source.REQUEST else None


def upload(called: Called) -> str | None:
    """A file saved under the name that its sender gave it."""
    if called.last != "save" or not called.positional:
        return None
    given = called.positional[0]
    if Label.UPLOAD_NAME not in given.labels or given.risk(Place.PATH) is Source.CONSTANT:
        return None
    return UPLOAD


def address(called: Called) -> str | None:
    """An address that a request decides, fetched or redirected to."""
    if not called.positional:
        return None
    given = called.positional[0]
    if called.scope.names.of(called.node.args[0]) in OWN:
        return None
    if given.risk(Place.ADDRESS) is not Source.REQUEST or _own(given.text):
        return None
    if called.last == "redirect":
        return REDIRECT
    if called.last in FETCHES and called.name.startswith(CLIENTS):
        return ADDRESS
    return None


def weak_hash(called: Called) -> str | None:
    """MD5 or SHA-1 of what is named like a secret, however it came to the hash."""
    if called.name == "hashlib.new" and called.positional:
        kind, given = called.positional[0].text.lower().replace("-", ""), called.positional[1:]
    else:
        kind, given = (called.last if called.name.startswith(("hashlib.", "md5.", "sha.")) else ""), called.positional
        kind = "md5" if called.name == "md5.new" else "sha1" if called.name == "sha.new" else kind
    if kind not in WEAK:
        return None
    return WEAK_HASH if any(Label.SECRET in value.labels for value in (*given, *called.named.values())) else None


def _own(text: str) -> bool:
    """Whether the address begins with a host of its own."""
    scheme, found, rest = text.partition("://")
    return (bool(found) and bool(scheme) and "/" in rest.split("\0")[0]) or (
        text.startswith("/") and len(text) > 1 and text[1] != "\0"
    )
