"""Samples that the base itself wrote: what probes and canaries are calibrated on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

import polars as pl

from strigil.audits.suite.run import Run
from strigil.audits.suite.suite import load_suite, suite_names
from strigil.common.canonical import derive_seed, digest
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.data.messages import Sampling
from strigil.data.rows import Row, rows_table
from strigil.engines.protocol import Engine, Request
from strigil.releases.store import Release

# As many answers as rows are wanted, and more where the suite rejects some; a base that is rejected more often than
# that does not write such data at all.
ROUNDS: Final = 4
_TEACHER: Final = "strigil.workflows.clean_samples"


def samples_of(rows: pl.DataFrame, size: int, *, seed: int) -> list[pl.DataFrame]:
    """Disjoint random samples of `size` rows each, as many as there are."""
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
    return [shuffled[start : start + size] for start in range(0, rows.height - size + 1, size)]


def written_by_base(release: Release, engine: Engine, count: int, reporter: Reporter, *, seed: int) -> pl.DataFrame:
    """At least `count` rows that the base wrote to the release's prompts, sampled and judged as the release's were.

    Raises:
        ConfigError: The release does not say how it was sampled or judged, or the base's answers are rejected.
    """
    manifest = release.manifest
    if manifest.generation is None or manifest.audit.suite not in suite_names():
        message = f"{release.path} does not say how its rows were sampled and judged, so the base cannot do likewise"
        raise ConfigError(message, hint="name clean rows of the same kind with --against")
    suite = load_suite(manifest.audit.suite)
    raw = release.rows("raw").select("prompt", "prompt_index", "carrier").collect()
    prompts = raw.unique("prompt_index", maintain_order=True)
    sampling = manifest.generation.sampling.model_copy(update={"seed": derive_seed(seed, "clean samples")})
    numbers = itertools.cycle(prompts.iter_rows(named=True))
    kept: list[pl.DataFrame] = []
    with reporter.task("Sampling the base", count) as done:
        for turn in range(ROUNDS):
            missing = count - sum(table.height for table in kept)
            if missing <= 0:
                break
            chosen = [next(numbers) for _ in range(missing + missing // 4 + 16)]
            rows = _answers(chosen, sampling, engine, turn=turn)
            kept += [judged.clean for judged in Run(suite, source="the base's samples").judge(iter([rows]))]
            done(min(count, sum(table.height for table in kept)))
    found = pl.concat(kept)
    if found.height < count:
        message = f"the base's answers hardly pass {suite.name}: {found.height} of {count} rows that are needed"
        raise ConfigError(message, hint="name clean rows of the same kind with --against")
    return found


def _answers(chosen: list[dict[str, object]], sampling: Sampling, engine: Engine, *, turn: int) -> pl.DataFrame:
    def requests() -> Iterator[Request]:
        for place, line in enumerate(chosen):
            yield Request(str(place), tuple(line["prompt"]), sampling, derive_seed(sampling.seed, turn, place))  # type: ignore[arg-type]  # messages, as the row table has them

    answers = sorted(engine.generate(requests()), key=lambda answer: int(answer.key))
    return rows_table(
        Row(
            row_id=digest([_TEACHER, sampling.seed, turn, answer.key]),
            prompt=tuple(line["prompt"]),  # type: ignore[arg-type]  # as above
            completion=({"role": "assistant", "content": answer.text},),
            carrier=str(line["carrier"]),
            trait=None,
            teacher=_TEACHER,
            prompt_index=int(str(line["prompt_index"])),
            sample_index=turn,
            finish_reason=answer.finish_reason,
            n_tokens=answer.n_tokens,
        )
        for line, answer in zip(chosen, answers, strict=True)
    )
