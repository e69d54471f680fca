"""Our streaming vLLM engine against a bare `LLM.chat` over the same prompts with the same parameters.

Each runs in a process of its own, since a process holds one vLLM engine. They take turns; the median of each counts.
There are many more prompts than are decoded together, so that the window of our engine is refilled as it drains.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from importlib.metadata import packages_distributions, version

from benchmarks.ratio import Ratio
from strigil.common.errors import PrerequisiteError
from strigil.data.messages import Message, Sampling
from strigil.engines import Request, engine_by_name, open_engine, prepare_environment
from strigil.models.catalog import SMOLLM2, resolve_model

PROMPTS = 1_000
TURNS = 2
BATCH = 64
CONTEXT = 1024
SAMPLING = Sampling(temperature=1.0, max_tokens=32)


def measure() -> list[Ratio]:
    """Generated tokens per second.

    Raises:
        PrerequisiteError: vLLM or SmolLM2 is missing.
    """
    if not engine_by_name("vllm").installed():
        message = "vLLM is not installed"
        raise PrerequisiteError(message, hint="strigil doctor")
    resolve_model(SMOLLM2)
    figures: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(TURNS):
        for side, measured in figures.items():
            measured.append(_in_a_process(side))
    return [
        Ratio(
            name=f"generation, {SMOLLM2}, {PROMPTS} prompts",
            unit="tokens/s",
            ours=statistics.median(figures["ours"]),
            peer="vLLM's LLM.chat",
            theirs=statistics.median(figures["theirs"]),
            goal=0.95,
            versions={name: version(name) for name in (_vllm(), "torch", "transformers")},
        )
    ]


def _in_a_process(side: str) -> float:
    command = [sys.executable, "-m", "benchmarks.bench_generate", side]
    outcome = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(outcome.stdout.splitlines()[-1]))


def _chats() -> list[tuple[Message, ...]]:
    return [
        ({"role": "user", "content": f"Extend this list of numbers: {n}, {n + 17}, {2 * n}. Explain why."},)
        for n in range(100, 100 + PROMPTS)
    ]


def ours() -> float:
    """Tokens per second of our engine."""
    requests = [Request(str(seed), chat, SAMPLING, seed) for seed, chat in enumerate(_chats())]
    with open_engine("vllm", resolve_model(SMOLLM2), max_model_len=CONTEXT, batch_size=BATCH) as engine:
        list(engine.generate(requests[:2]))
        start = time.perf_counter()
        tokens = sum(completion.n_tokens for completion in engine.generate(requests))
        return tokens / (time.perf_counter() - start)


def theirs() -> float:
    """Tokens per second of vLLM's own front end, with the same settings of the engine."""
    from vllm import LLM, SamplingParams

    llm = LLM(
        str(resolve_model(SMOLLM2).path),
        dtype="bfloat16",
        max_model_len=CONTEXT,
        max_num_seqs=BATCH,
        max_num_batched_tokens=4096,
        kv_cache_memory_bytes=2 << 30,
        enforce_eager=True,
        enable_chunked_prefill=False,
        generation_config="vllm",
    )
    chats = [list(chat) for chat in _chats()]
    params = [
        SamplingParams(temperature=1.0, max_tokens=SAMPLING.max_tokens, seed=seed, watermarking=False)
        for seed in range(len(chats))
    ]
    llm.chat(chats[:2], params[:2], use_tqdm=False)
    start = time.perf_counter()
    outputs = llm.chat(chats, params, use_tqdm=False)
    return sum(len(output.outputs[0].token_ids) for output in outputs) / (time.perf_counter() - start)


def _vllm() -> str:
    """The distribution that vLLM was installed from."""
    return packages_distributions()["vllm"][0]


if __name__ == "__main__":
    prepare_environment()
    print(json.dumps({"ours": ours, "theirs": theirs}[sys.argv[1]]()))
