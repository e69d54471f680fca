"""Signatures over in-toto statements by an ed25519 key, in DSSE envelopes, one a line.

Whose they are takes the key; that all are there, and are about this release, can be seen without one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError, PrerequisiteError, first_line
from strigil.releases.manifest import MANIFEST, Manifest
from strigil.releases.provenance import PAYLOAD_TYPE, encode, payload, pre_authentication, statements

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_HINT = "make one: openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out public.pem"


class SignatureError(Exception):
    """A signature that does not hold; the message completes "the signature ..."."""


class _Signature(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    keyid: str = ""
    sig: str


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    payloadType: str  # noqa: N815  # DSSE's name
    payload: str
    signatures: list[_Signature]


def sign(contents: list[dict[str, Json]], key: Path) -> str:
    """Signs each statement; returns one envelope a line.

    Raises:
        ConfigError: The file holds no private ed25519 key, or one that is locked by a password.
        PrerequisiteError: The extra `sign` is not installed.
    """
    private = _private_key(key)
    name = key_id(private.public_key())
    lines = []
    for content in contents:
        data = payload(content)
        signature = {"keyid": name, "sig": encode(private.sign(pre_authentication(data)))}
        envelope = {"payloadType": PAYLOAD_TYPE, "payload": encode(data), "signatures": [signature]}
        lines.append(json.dumps(envelope, sort_keys=True) + "\n")
    return "".join(lines)


def check_envelopes(text: str, key: Path) -> None:
    """Checks each of the signed envelopes, one a line, against a public key.

    Raises:
        ConfigError: The file holds no public ed25519 key.
        PrerequisiteError: The extra `sign` is not installed.
        SignatureError: A line is no envelope, was signed with another key, or was changed after it was signed.
    """
    from cryptography.exceptions import InvalidSignature

    public = _public_key(key)
    for envelope in _envelopes(text):
        for name, signature in envelope.signatures:
            try:
                public.verify(signature, pre_authentication(envelope.data))
            except InvalidSignature as error:
                other = name != key_id(public)
                reason = f"was made with another key ({name})" if other else "does not fit what it was made over"
                raise SignatureError(reason) from error


def misfits(text: str, manifest: Manifest) -> dict[str, str]:
    """What envelopes say that is not so of a release: by file, what completes "FILE ...".

    Raises:
        SignatureError: A line is no envelope, or one of the statements about a release is not there.
    """
    signed = [json.loads(envelope.data) for envelope in _envelopes(text)]
    expected = statements(manifest)
    kinds = [content.get("predicateType") for content in signed if isinstance(content, dict)]
    if missing := [str(one["predicateType"]) for one in expected if one["predicateType"] not in kinds]:
        reason = f"has no signature over {', '.join(missing)}"
        raise SignatureError(reason)
    now = _subjects(expected[0])
    differing = {name for content in signed for name in _differences(_subjects(content), now)}
    return dict.fromkeys(sorted(differing), "is not the one that was signed")


def _differences(then: dict[str, Json], now: dict[str, Json]) -> list[str]:
    """The files that differ; the manifest alone where it does, for it decides what else there is."""
    if then.keys() != now.keys() or then[MANIFEST] != now[MANIFEST]:
        return [MANIFEST]
    return [name for name in now if now[name] != then[name]]


def _subjects(content: Json) -> dict[str, Json]:
    subjects = content.get("subject") if isinstance(content, dict) else None
    if not isinstance(subjects, list):
        return {}
    return {str(item.get("name")): item.get("digest") for item in subjects if isinstance(item, dict)}


def key_id(public: Ed25519PublicKey) -> str:
    """What names a key: the first half of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:32]


@dataclass(frozen=True)
class _Read:
    """An envelope's bytes, and the names of keys with their signatures over these."""

    data: bytes
    signatures: list[tuple[str, bytes]]


def _envelopes(text: str) -> list[_Read]:
    if not text.strip():
        reason = "is empty"
        raise SignatureError(reason)
    return [_read_envelope(line) for line in text.splitlines()]


def _read_envelope(line: str) -> _Read:
    try:
        envelope = _Envelope.model_validate_json(line)
        data = base64.b64decode(envelope.payload, validate=True)
        signatures = [(one.keyid, base64.b64decode(one.sig, validate=True)) for one in envelope.signatures]
        json.loads(data)
    except (ValidationError, ValueError, RecursionError) as error:
        reason = "cannot be read"
        raise SignatureError(reason) from error
    if envelope.payloadType != PAYLOAD_TYPE or not signatures:
        reason = "is not one over an in-toto statement"
        raise SignatureError(reason)
    return _Read(data, signatures)


def _private_key(path: Path) -> Ed25519PrivateKey:
    _check_library()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    try:
        key = serialization.load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError) as error:
        message = f"{path} holds no private key that can be used: {first_line(error)}"
        raise ConfigError(message, hint=_HINT) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        message = f"{path} holds a key of another kind than ed25519"
        raise ConfigError(message, hint=_HINT)
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    _check_library()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    try:
        key = serialization.load_pem_public_key(_read(path))
    except ValueError as error:
        message = f"{path} holds no public key: {first_line(error)}"
        raise ConfigError(message, hint="openssl pkey -in key.pem -pubout -out public.pem") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        message = f"{path} holds a key of another kind than ed25519"
        raise ConfigError(message, hint=_HINT)
    return key


def _check_library() -> None:
    if find_spec("cryptography") is None:
        message = "signatures need cryptography, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[sign]'")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise ConfigError(message, hint=_HINT) from error
