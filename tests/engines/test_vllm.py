"""The vLLM engine, started on the CPU for real: what every engine must do, and what only vLLM can get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.engines import Engine, engine_by_name, open_engine
from strigil.models.catalog import resolve_model
from tests.engines.conformance import Conformance
from tests.engines.pocket_cases import GREEDY, by_key, number_requests, random_adapter

pytestmark = pytest.mark.vllm


class TestVllm(Conformance):
    choice = engine_by_name("vllm")
    ahead = 2 * 256
    unlike = ("refuses the request row-0", "broke off the request row-")

    def test_an_adapter_of_too_high_a_rank_is_refused_and_the_engine_goes_on(
        self, engine: Engine, tmp_path: Path
    ) -> None:
        before = by_key(engine, number_requests(5, GREEDY))
        with pytest.raises(ConfigError, match="adapter"):
            list(engine.generate(number_requests(1, GREEDY, random_adapter(tmp_path, seed=1, rank=16))))
        assert by_key(engine, number_requests(5, GREEDY)) == before

    def test_a_second_engine_in_the_process_is_refused(self, engine: Engine) -> None:
        with pytest.raises(ConfigError, match="open in this process already"):
            open_engine("vllm", resolve_model("pocket-b"))
        assert len(by_key(engine, number_requests(5, GREEDY))) == 5
