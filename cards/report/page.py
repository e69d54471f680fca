"""The report of an audit as one HTML file, and as JSON."""

from __future__ import annotations

from typing import Final

from strigil.cards.dataset.citation import citation
from strigil.cards.dataset.front_matter import may_harm
from strigil.cards.page.page import Page, Section, render_page
from strigil.cards.report.actions import actions, by_consequence
from strigil.cards.report.overlaps import overlap_matrix
from strigil.cards.report.reported import Reported
from strigil.cards.report.sample import REPEATS, Sample, sample_rows
from strigil.cards.report.scores import score_figures
from strigil.cards.report.verdict import verdict
from strigil.cards.wording import ORIGINS, WAYS
from strigil.common.canonical import Json
from strigil.records.spent import in_words

FORMAT: Final = "strigil.report/1"


def report_record(reported: Reported) -> dict[str, Json]:
    """What the page says, for programs: the verdict, the counts, and the audit as the manifest has it."""
    manifest = reported.manifest
    residual = manifest.residual if manifest is not None else None
    found = verdict(reported.counts, reported.audit, manifest)
    return {
        "format": FORMAT,
        "name": reported.name,
        "version": manifest.version if manifest is not None else None,
        "verdict": found.word,
        "meaning": found.meaning,
        "counts": reported.counts.model_dump(mode="json"),
        "residual": residual.model_dump(mode="json") if residual is not None else None,
        "treatments": [record.model_dump(mode="json") for record in manifest.treatments] if manifest else [],
        "audit": reported.audit.model_dump(mode="json"),
    }


def report_page(reported: Reported) -> str:
    """The page: a few hundred of the rows, and everything that was counted over all of them."""
    sample = sample_rows(reported)
    page = Page(
        kind="Data set report",
        title=reported.title,
        sections=_sections(reported),
        figures=score_figures(reported),
        data={"rows-data": _rows_data(reported, sample)},
        scripts=["page/compare.js", "report/row.js", "report/rows.js"],
    )
    return render_page(
        page,
        reported=reported,
        m=reported.manifest,
        audit=reported.audit,
        counts=reported.counts,
        verdict=verdict(reported.counts, reported.audit, reported.manifest),
        sample=sample,
        actions=actions(reported),
        rejecting=by_consequence(reported.audit),
        harmful={rule.rule.name for rule in reported.audit.rules if may_harm(rule)},
        overlaps=overlap_matrix(reported.audit),
        ways=WAYS,
        origins=ORIGINS,
        cite=citation,
        spent=in_words,
    )


def _sections(reported: Reported) -> list[Section]:
    """Those that have something to say."""
    treated = reported.manifest is not None and bool(reported.manifest.treatments)
    sections = {
        Section("verdict", "Verdict", "report/verdict.html.j2"): True,
        Section("rules", "Rules", "report/rules.html.j2"): True,
        Section("rows", "Rows", "report/rows.html.j2"): True,
        Section("treatments", "Treatments", "report/treatments.html.j2"): treated,
        Section("expectations", "Expectations", "report/expectations.html.j2"): bool(reported.audit.expectations),
        Section("provenance", "Provenance", "report/provenance.html.j2"): reported.manifest is not None,
    }
    return [section for section, wanted in sections.items() if wanted]


def _rows_data(reported: Reported, sample: Sample) -> dict[str, Json]:
    rules: list[Json] = [
        {
            "name": rule.rule.name,
            "threshold": rule.threshold,
            "hides": may_harm(rule),
            "links": rule.rule.name == REPEATS,
        }
        for rule in reported.audit.rules
    ]
    return {"rules": rules, "rows": [*sample.rows]}
