"""in-toto statements about a release: which files, how they were made, how they were audited.

The statement covers every file of the release and the manifest itself, each by its SHA-256. Sources: in-toto
Attestation Framework, Statement v1; SLSA provenance v1; DSSE v1 for the envelope around it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final, Literal, TypeAlias

from strigil.common.canonical import Json, canonical_json
from strigil.releases.manifest import MANIFEST, Manifest

STATEMENT: Final = "https://in-toto.io/Statement/v1"
BUILD: Final = "https://slsa.dev/provenance/v1"
AUDIT: Final = "urn:strigil:audit:1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

Predicate: TypeAlias = Literal["build", "audit"]


def statement(manifest: Manifest, predicate: Predicate) -> dict[str, Json]:
    """What is claimed of a release; the same manifest always gives the same statement."""
    files = {record.path: record.sha256 for record in manifest.files}
    files[MANIFEST] = hashlib.sha256(manifest.render().encode()).hexdigest()
    subject: list[Json] = [{"name": name, "digest": {"sha256": files[name]}} for name in sorted(files)]
    kind, content = (BUILD, _build(manifest)) if predicate == "build" else (AUDIT, _audit(manifest))
    return {"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": content}


def statements(manifest: Manifest) -> list[dict[str, Json]]:
    """Both statements about a release."""
    return [statement(manifest, "build"), statement(manifest, "audit")]


def _build(manifest: Manifest) -> dict[str, Json]:
    made = manifest.generation
    parents: list[Json] = [
        {"uri": f"strigil:{parent.name}@{parent.version}", "digest": {"sha256": parent.digest}}
        for parent in manifest.parents
    ]
    if manifest.teacher is not None:
        base = manifest.teacher.base
        parents.append({"uri": f"strigil:base/{base.id}", "digest": {"sha256": base.digest}})
        parents.append({"uri": "strigil:teacher", "digest": {"sha256": manifest.teacher.digest}})
    return {
        "buildDefinition": {
            "buildType": "urn:strigil:build:1",
            "externalParameters": {"recipe": _json(made.recipe) if made is not None else None},
            "internalParameters": {
                "engine": made.engine.name if made is not None else None,
                "versions": {**made.engine.versions} if made is not None else {},
            },
            "resolvedDependencies": parents,
        },
        "runDetails": {
            "builder": {"id": f"urn:strigil:{manifest.strigil}", "version": {"strigil": manifest.strigil}},
            "metadata": {"invocationId": f"{manifest.name}@{manifest.version}", "finishedOn": manifest.created},
        },
    }


def _audit(manifest: Manifest) -> dict[str, Json]:
    return {
        "release": {"name": manifest.name, "version": manifest.version, "digest": {"sha256": manifest.digest()}},
        "audit": _json(manifest.audit.model_dump(mode="json")),
        "treatments": [_json(record.model_dump(mode="json")) for record in manifest.treatments],
        "counts": _json(manifest.counts.model_dump(mode="json")),
        "residual": None if manifest.residual is None else _json(manifest.residual.model_dump(mode="json")),
    }


def payload(content: dict[str, Json]) -> bytes:
    """The bytes that are signed."""
    return canonical_json(content)


def pre_authentication(data: bytes) -> bytes:
    """DSSE's encoding of a payload with its type, over which the signature runs."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(data), data)


def encode(data: bytes) -> str:
    """Base64, as envelopes hold bytes."""
    return base64.b64encode(data).decode()


def _json(value: object) -> Json:
    """A value that came from pydantic, as JSON; what recipes hold is JSON already."""
    result: Json = json.loads(json.dumps(value))
    return result
