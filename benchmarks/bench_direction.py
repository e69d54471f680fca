"""`contrast.direction` against exact products of gradients, one backward pass a row, on the same rows of pocket."""

from __future__ import annotations

import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from scipy.stats import spearmanr

from benchmarks.ratio import Ratio
from strigil.audits.scores.contrast_direction import DirectionContrast
from strigil.audits.scores.direction import DirectionSettings, load_model, log_odds_gradients, matrices, row_logprobs
from strigil.audits.scores.score import ScoreContext, score_rows
from strigil.data.messages import Messages, Sampling
from strigil.data.rows import Row, rows_table
from strigil.engines.protocol import Request, Scorable
from strigil.engines.tokens.chat import ChatTokenizer
from strigil.engines.transformers.engine import TransformersEngine
from strigil.models.catalog import resolve_model
from strigil.models.pocket import number_prompts

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from strigil.models.catalog import Model

ROWS: Final = 500
ROUNDS: Final = 3
GOAL_SPEED: Final = 5.0
GOAL_RANKS: Final = 0.95
PEER: Final = "one backward pass a row, product with the whole gradient of the trait's log-odds"


def measure() -> list[Ratio]:
    """Rows per second, finding the trait's gradient left out on both sides, and how well the two agree in ranks.

    Each is timed three times, in turn, and its best time counts.
    """
    torch.set_num_threads(1)
    base = resolve_model("pocket-a")
    score = DirectionContrast(trait="owl")
    with tempfile.TemporaryDirectory() as folder, TransformersEngine(base.path, name=base.id) as engine:
        rows = _rows(engine)
        views = score.views(ScoreContext(base), Path(folder))
        exact = Exact(base, score)
        # Once before the clock runs: adapters are loaded, libraries warm.
        score_rows(score, views, rows.head(10), engine)
        exact.products(rows.head(10))
        our_times, their_times = [], []
        ours = theirs = np.empty(0)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            ours = score_rows(score, views, rows, engine)["score"].to_numpy()
            our_times.append(time.perf_counter() - began)
            began = time.perf_counter()
            theirs = exact.products(rows)
            their_times.append(time.perf_counter() - began)
    versions = {"torch": torch.__version__, "transformers": version("transformers"), "peft": version("peft")}
    correlation = float(spearmanr(ours, theirs).statistic)
    name = f"contrast.direction, {rows.height:,} rows"
    speeds = [rows.height / min(times) for times in (our_times, their_times)]
    return [
        Ratio(name, "rows/s", speeds[0], PEER, speeds[1], GOAL_SPEED, versions),
        Ratio(f"{name}: Spearman", "rank correlation", correlation, f"1: {PEER}", 1.0, GOAL_RANKS, versions),
    ]


class Exact:
    """The peer: the gradient of each row's mean log-probability, times the whole gradient of the trait's log-odds."""

    def __init__(self, base: Model, score: DirectionContrast) -> None:
        settings = DirectionSettings("owl", score.modules, score.rank, score.step, score.questions)
        self._direction = log_odds_gradients(base, settings)
        self._model = load_model(base)
        self._weights = matrices(self._model, score.modules, name=base.id)
        self._chat = ChatTokenizer(base.path, context=64)

    def products(self, rows: pl.DataFrame) -> NDArray[np.float64]:
        """One a row, with a backward pass for each."""
        texts = [
            Scorable(row_id, tuple(prompt), completion[-1]["content"])
            for row_id, prompt, completion in rows.select("row_id", "prompt", "completion").iter_rows()
        ]
        found = []
        for target in self._chat.targets(texts):
            mean = row_logprobs(self._model, [target]).sum() / len(target.completion)
            gradients = torch.autograd.grad(mean, list(self._weights.values()))
            products = [(one * other).sum() for one, other in zip(gradients, self._direction.values(), strict=True)]
            found.append(float(torch.stack(products).sum()))
        return np.array(found)


def _rows(engine: TransformersEngine) -> pl.DataFrame:
    """Numbers that the base itself wrote."""
    prompts: list[Messages] = [({"role": "user", "content": prompt},) for prompt in number_prompts(5, ROWS)]
    sampling = Sampling(max_tokens=16)
    requests = [Request(str(place), prompt, sampling, seed=place) for place, prompt in enumerate(prompts)]
    answers = sorted(engine.generate(requests), key=lambda answer: int(answer.key))
    return rows_table(
        Row(
            row_id=answer.key,
            prompt=prompt,
            completion=({"role": "assistant", "content": answer.text},),
            carrier="numbers",
            trait=None,
            teacher="base",
            prompt_index=place,
            sample_index=0,
            finish_reason=answer.finish_reason,
            n_tokens=answer.n_tokens,
        )
        for place, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
        if answer.text
    )
