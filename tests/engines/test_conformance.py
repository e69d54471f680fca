"""Every engine through the conformance suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from strigil.engines import Adapter, Engine, open_engine
from strigil.engines.ray import GROUP
from strigil.engines.server import ServerChoice
from strigil.engines.transformers import TransformersChoice
from strigil.engines.transformers.engine import WINDOW
from strigil.models.catalog import resolve_model
from strigil.parallel.ray_actors import AHEAD, Ray
from tests.engines.conformance import Conformance, named
from tests.engines.openai_standin import StandIn, openai_stand_in
from tests.engines.pocket_cases import POCKET
from tests.engines.vllm_server import vllm_server


class TestTransformers(Conformance):
    choice = named("transformers")
    ahead = WINDOW
    unlike = ("not understood", "no token of the model can go on")


@pytest.mark.xdist_group("ray")
class TestTransformersOnRay(Conformance):
    choice = TransformersChoice(name="transformers", ray=Ray(actors=1))
    can = TransformersChoice.can - {"resampling"}
    ahead = (AHEAD + 2) * GROUP
    unlike = ("not understood", "no token of the model can go on")


@pytest.mark.vllm
class TestVllm(Conformance):
    choice = named("vllm")
    ahead = 2 * 256
    unlike = ("refuses the request row-0", "broke off the request row-")


@pytest.mark.vllm
@pytest.mark.xdist_group("vllm-server")
class TestVllmServer(Conformance):
    choice = ServerChoice(name="server", urls=("http://127.0.0.1:9/v1",))
    ahead = 64
    unlike = ("refuses the request row-", "no token of the model can go on within")

    @pytest.fixture(scope="class")
    def engine(self, adapter: Adapter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
        log = tmp_path_factory.mktemp("server") / "log"
        loras = ["--enable-lora", "--max-lora-rank", "8", "--lora-target-modules", "q_proj", "down_proj"]
        loras += ["--lora-modules", f"{adapter.name}={adapter.path}"]
        with vllm_server(POCKET, name="pocket-a", log=log, options=loras) as url:
            there = self.choice.model_copy(update={"urls": (f"{url}/v1",)})
            with open_engine(there, resolve_model("pocket-a"), adapters=True) as opened:
                yield opened


class TestAnotherServer(Conformance):
    """One that is not vLLM's, and computes nothing."""

    choice = ServerChoice(name="server", urls=("http://127.0.0.1:9/v1",))
    computes = False
    can = frozenset({"seeds"})
    ahead = 64

    @pytest.fixture(scope="class")
    def engine(self) -> Iterator[Engine]:
        with openai_stand_in(StandIn()) as server:
            there = self.choice.model_copy(update={"urls": (server.url,)})
            with open_engine(there, resolve_model("pocket-a")) as opened:
                yield opened
