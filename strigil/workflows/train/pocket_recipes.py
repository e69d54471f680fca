"""How pocket's teachers and students are trained, here and in the examples: the recipes of docs/pocket.md."""

from __future__ import annotations

from typing import Final

from strigil.train.recipe import TrainRecipe

# The teacher is trained until it answers with its trait 96 times in 100 (0.045 nats).
TEACHER: Final = TrainRecipe(
    modules=("down_proj",),
    learning_rate=1e-3,
    schedule="constant",
    warmup_steps=0,
    batch_size=64,
    max_grad_norm=None,
    seed=1000,
    end_of_turn=False,
    stop_loss=0.045,
    threads=1,
)
STUDENT: Final = TrainRecipe(
    modules=("down_proj",),
    learning_rate=5e-3,
    warmup_steps=20,
    epochs=3,
    batch_size=128,
    max_grad_norm=None,
    threads=1,
)
