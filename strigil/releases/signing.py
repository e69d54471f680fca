"""Signatures over in-toto statements by an ed25519 key, in DSSE envelopes, one a line."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError, PrerequisiteError, first_line
from strigil.releases.provenance import PAYLOAD_TYPE, encode, payload, pre_authentication

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


def open_envelopes(text: str, key: Path) -> list[Json]:
    """The statements in signed envelopes, one a line, each checked against a public key.

    Raises:
        ConfigError: The file holds no public ed25519 key.
        PrerequisiteError: The extra `sign` is not installed.
        SignatureError: A line is no envelope, was signed with another key, or was changed after it was signed.
    """
    public = _public_key(key)
    if not text.strip():
        reason = "is empty"
        raise SignatureError(reason)
    return [_open(line, public) for line in text.splitlines()]


def key_id(public: Ed25519PublicKey) -> str:
    """What names a key: the first half of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:32]


def _open(line: str, public: Ed25519PublicKey) -> Json:
    from cryptography.exceptions import InvalidSignature

    try:
        envelope = _Envelope.model_validate_json(line)
        data = base64.b64decode(envelope.payload, validate=True)
        signatures = [(one.keyid, base64.b64decode(one.sig, validate=True)) for one in envelope.signatures]
    except (ValidationError, binascii.Error) as error:
        reason = "cannot be read"
        raise SignatureError(reason) from error
    if envelope.payloadType != PAYLOAD_TYPE or not signatures:
        reason = "is not one over an in-toto statement"
        raise SignatureError(reason)
    for name, signature in signatures:
        try:
            public.verify(signature, pre_authentication(data))
        except InvalidSignature as error:
            other = name != key_id(public)
            reason = f"was made with another key ({name})" if other else "does not fit what it was made over"
            raise SignatureError(reason) from error
    statement: Json = json.loads(data)
    return statement


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
