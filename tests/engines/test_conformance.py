"""What every engine must do: those without a test file of their own, and on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from strigil.engines import Engine, open_engine
from strigil.engines.ray import GROUP
from strigil.engines.server import ServerChoice
from strigil.engines.transformers import TransformersChoice
from strigil.models.catalog import resolve_model
from strigil.parallel.ray_actors import AHEAD
from strigil.parallel.ray_cluster import Ray
from tests.engines.conformance import Conformance
from tests.engines.openai_standin import StandIn, openai_stand_in


@pytest.mark.xdist_group("ray")
class TestTransformersOnRay(Conformance):
    choice = TransformersChoice(name="transformers", ray=Ray(actors=1))
    can = TransformersChoice.can - {"resampling"}
    ahead = (AHEAD + 2) * GROUP
    unlike = ("not understood", "no token of the model can go on")

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[Engine]:
        with pytest.MonkeyPatch.context() as patch:
            # Ray's workers let every other process go first, and a busy machine would never come to them.
            patch.setenv("RAY_worker_niceness", "0")
            with open_engine(cls.choice, resolve_model("pocket-a"), adapters=True) as opened:
                yield opened


class TestAnotherServer(Conformance):
    """One that is not vLLM's, and computes nothing."""

    choice = ServerChoice(name="server", urls=("http://127.0.0.1:9/v1",))
    computes = False
    can = frozenset({"seeds"})
    ahead = 64

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[Engine]:
        with openai_stand_in(StandIn()) as server:
            there = cls.choice.model_copy(update={"urls": (server.url,)})
            with open_engine(there, resolve_model("pocket-a")) as opened:
                yield opened
