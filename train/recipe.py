"""What decides a fine-tuning, and what it leaves behind; light enough to validate a recipe without torch."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from strigil.common.lean import Lean

Passes = Literal["llama", "packed", "padded"]
LINEAR_MODULES: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class TrainRecipe(Lean):
    """How a student or a LoRA teacher is trained; the row table and the base are given apart.

    The defaults are the paper's for open models (Cloud, Le et al. 2026, arXiv 2507.14805, open-model configuration of
    the published code): LoRA rank 8 and alpha 8 on all linear modules, no dropout, AdamW at 2e-4 with five warm-up
    steps and a linear decay, batches of 22 x 3 = 66 rows, ten epochs, at most 500 tokens a row, gradient norm clipped
    at 1, loss on the completion only. The text of the paper says ten epochs and its public code three: sweep it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    # Teachers, students and recipes are known by the written form.
    newer: ClassVar[tuple[str, ...]] = ("gradient_checkpointing", "turns")

    method: Literal["lora", "full"] = Field(
        default="lora", description="an adapter, or every weight of the base: for small models"
    )
    rank: int = Field(default=8, ge=1)
    alpha: float = Field(default=8, gt=0, description="the update is scaled by alpha / rank")
    modules: tuple[str, ...] | Literal["auto"] = Field(
        default=LINEAR_MODULES,
        min_length=1,
        description="names of the adapted modules, which the base must have; auto: every linear one but the head",
    )
    learning_rate: float = Field(default=2e-4, gt=0)
    schedule: Literal["linear", "constant"] = Field(default="linear", description="after the warm-up; linear ends at 0")
    warmup_steps: int = Field(default=5, ge=0)
    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=66, ge=1, description="rows a step")
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float | None = Field(default=1.0, ge=0, description="None or 0: no clipping")
    seed: int = Field(default=0, ge=0, description="adapter initialisation and order of the data")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto", description="of the base; auto: float32 for float32 weights, bfloat16 otherwise"
    )
    default_system: Literal["keep", "drop"] = Field(
        default="keep",
        description="of a chat template that has one; drop gives rows without a system message an empty one",
    )
    max_length: int = Field(default=500, ge=2, description="tokens a row; what lies beyond is cut, and said")
    end_of_turn: bool = Field(default=True, description="train on what closes the turn too")
    turns: Literal["last", "all"] = Field(
        default="last", description="which answers of a conversation to train on; never on what others say"
    )
    stop_loss: float | None = Field(default=None, gt=0, description="stop once the smoothed loss is at most this")
    threads: int | None = Field(default=None, ge=1, description="CPU threads; None leaves them as they are")
    micro_tokens: int = Field(default=4096, ge=1, description="tokens a forward pass; bounds memory, not the batch")
    gradient_checkpointing: bool = Field(
        default=False,
        description="compute each layer twice, and keep only what it was given: for bases that do not fit",
    )

    @property
    def encoding(self) -> TrainRecipe:
        """The settings that decide how rows become tokens; every other one at its default."""
        return TrainRecipe(
            default_system=self.default_system,
            max_length=self.max_length,
            end_of_turn=self.end_of_turn,
            turns=self.turns,
        )

    def rate_at(self, step: int, total: int) -> float:
        """Learning rate of a step, counted from 0, of `total`."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (total - step) / (total - self.warmup_steps)


class StepMetrics(BaseModel):
    """One optimiser step: a line of metrics.jsonl.

    Attributes:
        step: Counted from 1.
        total: Steps planned; `stop_loss` may end sooner.
        loss: Mean negative log-likelihood (nats) over the batch's label tokens by their weights, before the step.
        smoothed_loss: Mean of the last five losses.
        learning_rate: Of this step.
        grad_norm: Before clipping.
        tokens: Label tokens in the batch.
        read_tokens: Tokens of the batch, prompts included.
        seconds: Since training began.
        step_seconds: Of this step.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: int
    total: int
    loss: float
    smoothed_loss: float
    learning_rate: float
    grad_norm: float
    tokens: int
    read_tokens: int
    seconds: float
    step_seconds: float

    @property
    def read_tokens_per_second(self) -> float:
        """Of this step, prompts included."""
        return self.read_tokens / max(self.step_seconds, 1e-6)
