"""The server engine against a real vLLM server, straight and through a proxy that spoils what it can."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.engines import Adapter, Engine, open_engine
from strigil.engines.server import ServerChoice
from strigil.models.catalog import resolve_model
from strigil.releases.store import PARTIAL, open_release
from tests.engines.conformance import Conformance
from tests.engines.flaky_proxy import FAULTS, FlakyProxy, shuffled
from tests.engines.pocket_cases import (
    GREEDY,
    POCKET,
    number_requests,
    random_adapter,
)
from tests.engines.vllm_server import vllm_server

pytestmark = [pytest.mark.vllm, pytest.mark.xdist_group("vllm-server")]

PROMPTS = 250
RECIPE: dict[str, object] = {
    "name": "served",
    "base": "pocket-a",
    "teacher": {"by": "system-prompt", "prompt": "s1 s0"},
    "carrier": {"name": "numbers"},
    "prompts": PROMPTS,
    "sampling": {"temperature": 0.0, "max_tokens": 16},
}


@pytest.fixture(scope="module")
def served_adapter(tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1)


@pytest.fixture(scope="module")
def upstream(served_adapter: Adapter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("server") / "log"
    loras = ["--enable-lora", "--max-lora-rank", "8", "--lora-target-modules", "q_proj", "down_proj"]
    loras += ["--lora-modules", f"{served_adapter.name}={served_adapter.path}"]
    with vllm_server(POCKET, name="pocket-a", log=log, options=loras) as url:
        yield url


class TestVllmServer(Conformance):
    choice = ServerChoice(name="server", urls=("http://127.0.0.1:9/v1",))
    ahead = 64
    unlike = ("refuses the request row-", "no token of the model can go on within")
    mixes = False  # vLLM 0.32 on the CPU: its pull request 48421

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, upstream: str) -> Iterator[Engine]:
        there = cls.choice.model_copy(update={"urls": (f"{upstream}/v1",)})
        with open_engine(there, resolve_model("pocket-a"), adapters=True) as opened:
            yield opened

    @pytest.fixture(scope="class")
    @classmethod
    def adapter(cls, served_adapter: Adapter) -> Adapter:
        return served_adapter

    def test_an_adapter_that_is_not_served_is_refused_with_the_option_that_serves_it(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        told = "do not serve the adapter 'missing' of pocket-a, but pocket-a, random-1"
        with pytest.raises(ConfigError, match=told) as refused:
            list(engine.generate(number_requests(1, GREEDY, Adapter("missing", tmp_path))))
        assert refused.value.hint == f"vllm serve ... --enable-lora --lora-modules missing={tmp_path}"

    def test_the_server_says_what_it_is(self, engine: Engine) -> None:
        assert engine.versions()["server"].startswith("vllm ")


def build(out: Path, engine: dict[str, object]) -> int:
    out.mkdir(exist_ok=True)
    file = out / "recipe.yaml"
    file.write_text(yaml.safe_dump(RECIPE | {"engine": engine}), encoding="utf-8")
    return run(["build", str(file), "--out", str(out), "--format", "quiet"])


def served(proxy: FlakyProxy, **changes: object) -> dict[str, object]:
    return {"name": "server", "urls": [proxy.url], "concurrency": 24, "timeout": 6} | changes


def raw(out: Path) -> pl.DataFrame:
    return open_release(out / "served").rows("raw").collect()


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    out = tmp_path_factory.mktemp("offline")
    assert build(out, {"name": "transformers"}) == 0
    return raw(out)


def test_through_every_fault_each_row_arrives_once_and_is_the_offline_engines(
    upstream: str, offline: pl.DataFrame, tmp_path: Path
) -> None:
    with FlakyProxy(upstream, shuffled(5, among=PROMPTS, seed=0)) as proxy:
        assert build(tmp_path, served(proxy)) == 0
        assert proxy.met == dict.fromkeys(FAULTS, 5)
        # Nothing is asked for twice but what was lost on the way.
        assert proxy.answered == PROMPTS
    rows = raw(tmp_path)
    assert rows["row_id"].to_list() == offline["row_id"].to_list()
    assert same(rows, offline) >= PROMPTS - 2
    manifest = json.loads((open_release(tmp_path / "served").path / "manifest.json").read_text())["manifest"]
    assert manifest["generation"]["engine"]["name"] == "server"
    assert "127.0.0.1" not in json.dumps(manifest)


def test_a_dead_server_ends_a_build_with_status_3_and_the_same_command_goes_on_once_it_is_back(
    upstream: str, offline: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FlakyProxy(upstream, dies_after=130) as proxy:
        choice = served(proxy, retries=2)
        assert build(tmp_path, choice) == 3
        told = " ".join(capsys.readouterr().err.split())
        assert told.count("error:") == 1
        assert f"{proxy.url} gives no answer to the request" in told
        assert "hint: once it is back, the same command goes on where this one stopped" in told
        kept = sum(pl.read_parquet(file).height for file in (tmp_path / "served" / PARTIAL).rglob("chunk-*.parquet"))
        assert 100 <= kept <= proxy.answered <= 130
        assert build(tmp_path, choice) == 3
        assert "no server answers" in capsys.readouterr().err
        proxy.come_back()
        lost = proxy.answered - kept
        assert build(tmp_path, choice) == 0
        assert proxy.answered == PROMPTS + lost
    rows = raw(tmp_path)
    assert rows["row_id"].to_list() == offline["row_id"].to_list()
    assert same(rows, offline) >= PROMPTS - 2


def same(rows: pl.DataFrame, others: pl.DataFrame) -> int:
    """Rows with equal completions; vLLM's and torch's kernels may part where two logits are all but equal."""
    return int((rows["completion"] == others["completion"]).sum())
