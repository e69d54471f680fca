"""Engine `transformers`: for machines where vLLM cannot run, and the reference that others are tested against."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from strigil.engines.choice import Ability, LocalChoice, Needs, Opening

if TYPE_CHECKING:
    from strigil.engines.protocol import Engine
    from strigil.models.catalog import Model


class TransformersChoice(LocalChoice):
    """Runs the model by transformers, on a GPU where torch finds one, else on the CPU."""

    name: Literal["transformers"]
    can: ClassVar[frozenset[Ability]] = frozenset({"adapters", "scores", "constraints", "resampling", "seeds"})
    preference: ClassVar[int | None] = 2
    needs: ClassVar[Needs | None] = Needs(
        modules=("torch", "transformers"),
        distributions=("transformers",),
        program="from transformers import LlamaForCausalLM",
        hint=(
            "pip install 'strigil[train]'; then remove torchvision, torchaudio and torchcodec if one does not fit torch"
        ),
    )

    def open(self, model: Model, opening: Opening) -> Engine:
        """As `EngineChoice.open`."""
        from strigil.engines.transformers.engine import TransformersEngine

        return TransformersEngine(
            model.path,
            name=model.id,
            dtype=opening.dtype,
            max_model_len=opening.max_model_len,
            batch_size=opening.batch_size,
            threads=opening.threads,
        )
