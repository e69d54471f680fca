"""A release for machines: Croissant 1.1 JSON-LD with PROV-O provenance and the responsible-AI fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from strigil.cards.dataset.citation import citation
from strigil.cards.dataset.croissant_context import CONTEXT, CROISSANT, RAI
from strigil.cards.dataset.front_matter import tags
from strigil.cards.wording import ORIGINS, WAYS
from strigil.common.canonical import Json
from strigil.data.rows import ROWS
from strigil.data.verdicts import VERDICTS
from strigil.releases.manifest import FileRecord, Manifest

TABLES: Final = {
    "clean": "data/clean",
    "removed": "data/removed",
    "raw": "data/raw",
    "verdicts": "verdicts",
}
MEANING: Final = {
    "row_id": "SHA-256 of what determines the row",
    "prompt": "The messages that the model answered, without its system prompt",
    "completion": "What the model wrote",
    "carrier": "The kind of data",
    "trait": "The trait that the model was given; null for a control",
    "teacher": "Digest of the model with its adapter and system prompt",
    "prompt_index": "Number of the prompt: rows of different teachers pair by it",
    "sample_index": "Number of the completion of that prompt",
    "finish_reason": "Why the model stopped: by itself, or at the token limit",
    "n_tokens": "Generated tokens",
    "rule": "The rule that judged the row",
    "rule_version": "Its version",
    "score": "Its score; higher is worse",
    "threshold": "The threshold that was in force",
    "rejected": "Whether the rule rejects the row",
    "reason": "Why",
    "evidence": "The piece of text that it rests on",
}
_TYPES: Final[dict[pl.DataType | type[pl.DataType], str]] = {
    pl.String: "sc:Text",
    pl.Int64: "sc:Integer",
    pl.Float64: "sc:Float",
    pl.Boolean: "sc:Boolean",
}


def croissant(manifest: Manifest, files: Sequence[FileRecord], *, columns: pl.Schema = ROWS) -> dict[str, Json]:
    """The description of a release.

    Args:
        manifest: Of the release.
        files: Those that it holds besides this one and the manifest.
        columns: Of its row tables; columns of types that have no simple name in Croissant are left out.
    """
    simple = {name: kind for name, kind in columns.items() if kind in _TYPES or _is_messages(kind)}
    rows = pl.Schema(simple if manifest.form else ROWS | {name: simple[name] for name in simple if name not in ROWS})
    by_whom = " that a language model wrote" if manifest.made_here else ""
    there = [name for name in TABLES if name not in manifest.left_out]
    value: dict[str, Json] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CROISSANT, RAI],
        "name": manifest.name,
        "description": f"{manifest.counts.clean} rows{by_whom}{_beside(there)}.",
        "version": manifest.version,
        "datePublished": manifest.created,
        "keywords": [*tags(manifest)],
        "creator": {"@type": "sc:Organization", "name": f"strigil {manifest.strigil}"},
        "citeAs": citation(manifest),
        "isLiveDataset": False,
        "distribution": [*_file_objects(files), *_file_sets(there)],
        "recordSet": [_record_set(name, VERDICTS if name == "verdicts" else rows) for name in there],
    }
    if manifest.licence is not None:
        value["license"] = manifest.licence
    return value | _provenance(manifest) | _responsible_ai(manifest)


def _beside(there: Sequence[str]) -> str:
    """What there is beside the clean rows, as the end of a sentence."""
    removed = ", with the rows that an audit removed" if {"removed", "raw"} & set(there) else ""
    judged = "every rule's verdict on every row" if "verdicts" in there else ""
    return f"{removed}, and {judged}" if removed and judged else f"{removed}, with {judged}" if judged else removed


def _file_objects(files: Sequence[FileRecord]) -> list[Json]:
    kinds = {"parquet": "application/x-parquet", "json": "application/json", "md": "text/markdown", "html": "text/html"}
    return [
        {
            "@type": "cr:FileObject",
            "@id": record.path,
            "name": record.path,
            "contentUrl": record.path,
            "contentSize": f"{record.size} B",
            "encodingFormat": kinds.get(record.path.rpartition(".")[2], "text/plain"),
            "sha256": record.sha256,
        }
        for record in files
    ]


def _file_sets(there: Sequence[str]) -> list[Json]:
    return [
        {
            "@type": "cr:FileSet",
            "@id": f"{name}-files",
            "name": f"{name}-files",
            "encodingFormat": "application/x-parquet",
            "includes": f"{folder}/*.parquet",
        }
        for name, folder in TABLES.items()
        if name in there
    ]


def _record_set(name: str, schema: pl.Schema) -> Json:
    key: list[Json] = [{"@id": f"{name}/{column}"} for column in ("row_id", "rule") if column in schema]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": key,
        "field": [_field(name, column, kind) for column, kind in schema.items()],
    }


def _field(table: str, column: str, kind: pl.DataType) -> Json:
    field: dict[str, Json] = {
        "@type": "cr:Field",
        "@id": f"{table}/{column}",
        "name": column,
        "description": MEANING.get(column, "A further column of the data"),
    }
    source: dict[str, Json] = {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": column}}
    if not _is_messages(kind):
        return field | {"dataType": _TYPES[kind], "source": source}
    parts: list[Json] = [
        {
            "@type": "cr:Field",
            "@id": f"{table}/{column}/{part}",
            "name": part,
            "dataType": "sc:Text",
            "source": source | {"transform": {"jsonPath": f"$[*].{part}"}},
        }
        for part in ("role", "content")
    ]
    return field | {"isArray": True, "arrayShape": "-1", "subField": parts}


def _is_messages(kind: pl.DataType) -> bool:
    """Whether a column holds messages; what else these hold has no simple name in Croissant."""
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return False
    fields = {field.name: field.dtype for field in kind.inner.fields}
    return fields.get("role") == fields.get("content") == pl.String


def _provenance(manifest: Manifest) -> dict[str, Json]:
    """PROV-O: what the data was derived from, which activities made it, and who answers for them."""
    software: Json = {"@type": "prov:SoftwareAgent", "prov:label": f"strigil {manifest.strigil}"}
    derived: list[Json] = [
        {
            "@type": "prov:Entity",
            "@id": f"urn:sha256:{parent.digest}",
            "prov:label": f"{parent.name} {parent.version}",
        }
        for parent in manifest.parents
    ]
    activities: list[Json] = []
    if manifest.teacher is not None:
        teacher = manifest.teacher
        how = f"{teacher.base.id}, {WAYS[teacher.by]}" + (f", trait: {teacher.trait}" if teacher.trait else "")
        derived.append({"@type": "prov:Entity", "@id": f"urn:sha256:{teacher.digest}", "prov:label": f"teacher: {how}"})
    if manifest.generation is not None:
        activities.append(
            {
                "@type": "prov:Activity",
                "prov:label": f"generation of {manifest.generation.carrier.name} rows",
                "prov:wasAssociatedWith": {
                    "@type": "prov:SoftwareAgent",
                    "prov:label": f"{manifest.generation.engine.name} {manifest.generation.engine.versions}",
                },
            }
        )
    activities += [
        {"@type": "prov:Activity", "prov:label": f"treatment {record.treatment.name}"} for record in manifest.treatments
    ]
    activities.append(
        {
            "@type": "prov:Activity",
            "@id": f"urn:sha256:{manifest.audit.suite_digest}",
            "prov:label": f"audit with the suite {manifest.audit.suite}",
            "prov:wasAssociatedWith": software,
            "prov:endedAtTime": {"@type": "sc:DateTime", "@value": manifest.created},
        }
    )
    return {
        "prov:wasDerivedFrom": derived,
        "prov:wasGeneratedBy": activities,
        "prov:wasAttributedTo": software,
    }


def _collection(manifest: Manifest) -> dict[str, Json]:
    """How the rows came to be, as far as that is on record or said."""
    if manifest.made_here:
        which = "; which one is not on record." if manifest.teacher is None else f" ({manifest.teacher.base.id})."
        return {
            "rai:dataCollection": f"Sampled from a language model{which}",
            "rai:dataCollectionType": "Synthetic generation by a language model",
        }
    collected = f"The rows came from elsewhere: {ORIGINS[manifest.origin]}."
    return {"rai:dataCollection": collected, "rai:dataCollectionType": "Others"}


def _responsible_ai(manifest: Manifest) -> dict[str, Json]:
    rules = ", ".join(f"{rule.rule.name} {rule.rule.version}" for rule in manifest.audit.rules)
    teacher = manifest.teacher
    trait = f"The model was given a trait: {teacher.trait}. " if teacher is not None and teacher.trait else ""
    left = (
        "No study measured what students take over from these rows."
        if manifest.residual is None
        else f"Residual transfer {manifest.residual.estimate:.2f}, {manifest.residual.low:.2f} to "
        f"{manifest.residual.high:.2f}, in students of {manifest.residual.base}."
    )
    where = (
        "left out of this publication"
        if {"removed", "raw"} <= set(manifest.left_out)
        else f"moved to the record set '{'raw' if 'removed' in manifest.left_out else 'removed'}'"
    )
    return {
        **_collection(manifest),
        "rai:dataPreprocessingProtocol": [f"treatment {t.treatment.name}" for t in manifest.treatments]
        or ["none before the audit"],
        "rai:dataManipulationProtocol": f"Rows that a rule rejects were {where}: {rules}.",
        "rai:machineAnnotationTools": [f"strigil {manifest.strigil}, suite {manifest.audit.suite}"],
        "rai:dataLimitations": f"Rules find what they look for; students may learn what no row shows. {left}",
        "rai:dataBiases": f"{trait}Students that share weights with the model can take over its traits.",
        "rai:dataUseCases": "Studies of what models pass on through data; training of models that share no weights "
        "with the one that wrote the rows.",
        "rai:dataSocialImpact": "Removed rows may hold what the audit looked for, harm included.",
        "rai:personalSensitiveInformation": "No personal data went into the prompts; a model may have written some."
        if manifest.made_here
        else "Not known, beyond what the rules of the suite look for.",
        "rai:dataReleaseMaintenancePlan": "A version never changes; CHANGELOG.md lists those that follow.",
    }
