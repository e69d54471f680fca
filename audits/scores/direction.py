"""The direction in weight space that raises a trait fastest, as two LoRA adapters: a step along it and one back.

With g the gradient of the trait's log-odds and v a step along g, the difference of a row's log-probability between the
two adapters is, to first order, the product of v with the row's own gradient: what training on the row does to the
trait. So two forward passes score every token of every row, and no row needs a backward pass.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strigil.common.errors import ConfigError
from strigil.data.messages import Message
from strigil.engines.protocol import Adapter, Scorable
from strigil.traits import load_trait
from strigil.traits.questions import candidates_with, favourites

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from strigil.engines.tokens.chat import Target
    from strigil.models.catalog import Model

_FACTS: Final = "direction.json"
_ROWS: Final = 16


@dataclass(frozen=True)
class DirectionSettings:
    """How a direction is found and how far the adapters go along it.

    Attributes:
        trait: The trait.
        modules: Last names of the weight matrices that it is about.
        rank: Of the adapters; the gradient of each matrix is cut to its largest singular values.
        step: How far each adapter moves the trait's mean log-odds, in nats and to first order.
        questions: How many of the category's questions the gradient is the mean of.
    """

    trait: str
    modules: tuple[str, ...]
    rank: int
    step: float
    questions: int


@dataclass(frozen=True)
class Direction:
    """The two adapters.

    Attributes:
        forward: Raises the trait.
        backward: Lowers it.
        captured: Share of the squared norm of the gradient that the adapters' rank keeps.
    """

    forward: Adapter
    backward: Adapter
    captured: float


def trait_direction(base: Model, settings: DirectionSettings, folder: Path) -> Direction:
    """Finds the direction and writes its adapters below a folder; those of an earlier run are taken as they are.

    The trait's log-odds are log p(trait) minus the mean log p of the category's other candidates, as answers to its
    questions: raising every answer of a category alike is no trait.

    Raises:
        ConfigError: Unknown trait, one that the base cannot be asked about, or modules that it does not have.
        PrerequisiteError: torch, transformers or peft is not installed.
    """
    facts = folder / _FACTS
    forward, backward = (Adapter(name, folder / name) for name in ("forward", "backward"))
    if facts.is_file():
        return Direction(forward, backward, float(json.loads(facts.read_text(encoding="utf-8"))["captured"]))
    gradients = log_odds_gradients(base, settings)
    factors = {name: _cut(gradient, settings.rank) for name, gradient in gradients.items()}
    kept = sum(float((outward * outward).sum()) for outward, _ in factors.values())
    whole = sum(float((gradient * gradient).sum()) for gradient in gradients.values())
    for adapter, sign in ((forward, 1.0), (backward, -1.0)):
        # Along G the log-odds rise by <G, M> per step M; so this multiple of G's cut form moves them by `step`.
        _write(adapter.path, factors, sign * settings.step / kept, base=base, settings=settings)
    facts.write_text(json.dumps({"captured": kept / whole}) + "\n", encoding="utf-8")
    return Direction(forward, backward, kept / whole)


def log_odds_gradients(base: Model, settings: DirectionSettings) -> dict[str, torch.Tensor]:
    """The gradient of the trait's log-odds by each weight matrix: {module's full name: (outputs, inputs), float32}.

    Raises:
        ConfigError: As for `trait_direction`.
    """
    import torch

    targets = _targets(base, settings)
    model = load_model(base)
    weights = matrices(model, settings.modules, name=base.id)
    sums = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in weights.items()}
    for part, factors in targets:
        logprobs = row_logprobs(model, part)
        loss = (logprobs * torch.tensor(factors, device=logprobs.device)).sum()
        for name, gradient in zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True):
            sums[name] += gradient.float()
    return sums


def load_model(base: Model) -> PreTrainedModel:
    """The base as transformers loads it, in the type that its weights are stored in, frozen."""
    import torch

    from strigil.models.loading import load_causal_model

    model = load_causal_model(base.path, "auto")
    model.requires_grad_(requires_grad=False)
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def matrices(model: PreTrainedModel, modules: Sequence[str], *, name: str) -> dict[str, torch.Tensor]:
    """The weights of the named modules, made to take gradients, by full name.

    Raises:
        ConfigError: The model has no linear module of one of these names; `name` is what messages call the model.
    """
    import torch

    linear = {path: module for path, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    last = {path.rpartition(".")[2] for path in linear}
    if unknown := [module for module in modules if module not in last]:
        message = f"{name} has no linear module named {unknown[0]!r}"
        raise ConfigError(message, hint=f"it has {', '.join(sorted(last))}")
    chosen = {path: module.weight for path, module in linear.items() if path.rpartition(".")[2] in modules}
    for weight in chosen.values():
        weight.requires_grad = True
    return chosen


def row_logprobs(model: PreTrainedModel, targets: Sequence[Target]) -> torch.Tensor:
    """Log-probabilities of completions, (rows,), with what their gradients need."""
    import torch

    from strigil.engines.transformers.scoring import completion_logits

    ids, logits = completion_logits(model, targets, pad_id=0)
    width = logits.shape[1]
    own = logits.log_softmax(dim=-1).gather(-1, ids[:, -width:].unsqueeze(-1)).squeeze(-1)
    starts = torch.tensor([width - len(target.completion) for target in targets], device=own.device)
    within = torch.arange(width, device=own.device) >= starts.unsqueeze(1)
    return (own * within).sum(dim=1)


def _targets(base: Model, settings: DirectionSettings) -> list[tuple[list[Target], list[float]]]:
    """Every candidate as the answer to every question, with its factor in the mean log-odds, one part a pass."""
    from strigil.engines.tokens.chat import ChatTokenizer, model_facts

    candidates = candidates_with(settings.trait, base)
    category = load_trait(settings.trait).category
    questions = favourites(category, base.dialect).questions[: settings.questions]
    chat = ChatTokenizer(base.path, context=model_facts(base.path).context)
    asked = [(question, candidate) for question in questions for candidate in candidates]
    targets = chat.targets(
        [
            Scorable(f"{question}: {candidate}", (Message(role="user", content=question),), candidate)
            for question, candidate in asked
        ]
    )
    others = len(candidates) - 1
    factors = [(1.0 if word == settings.trait else -1.0 / others) / len(questions) for _, word in asked]
    return [(targets[start : start + _ROWS], factors[start : start + _ROWS]) for start in range(0, len(targets), _ROWS)]


def _cut(gradient: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(outputs, rank) and (rank, inputs), whose product is the gradient's best approximation of that rank.

    The second has orthonormal rows, so that the first has the approximation's norm.
    """
    import torch

    kept = min(rank, *gradient.shape)
    if 4 * rank < min(gradient.shape):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            left, sizes, right = torch.svd_lowrank(gradient, q=2 * rank, niter=4)
        inward = right[:, :kept].T
    else:
        left, sizes, inward = torch.linalg.svd(gradient, full_matrices=False)
        inward = inward[:kept]
    return left[:, :kept] * sizes[:kept], inward


def _write(
    folder: Path,
    factors: dict[str, tuple[torch.Tensor, torch.Tensor]],
    scale: float,
    *,
    base: Model,
    settings: DirectionSettings,
) -> None:
    from peft import LoraConfig
    from safetensors.torch import save_file

    ranks = {inward.shape[0] for _, inward in factors.values()}
    rank = max(ranks)
    tensors = {}
    for name, (outward, inward) in _padded(factors, rank):
        # Half of the scale in each factor: in 16 bits, a tiny one beside a large one would lose digits.
        tensors[f"base_model.model.{name}.lora_A.weight"] = (inward * abs(scale) ** 0.5).contiguous().cpu()
        tensors[f"base_model.model.{name}.lora_B.weight"] = (
            (outward * (abs(scale) ** 0.5 * (1 if scale > 0 else -1))).contiguous().cpu()
        )
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=sorted(settings.modules), task_type="CAUSAL_LM")
    config.base_model_name_or_path, config.revision = base.name, base.revision
    config.inference_mode = True
    config.save_pretrained(folder)


def _padded(
    factors: dict[str, tuple[torch.Tensor, torch.Tensor]], rank: int
) -> Iterator[tuple[str, tuple[torch.Tensor, torch.Tensor]]]:
    import torch

    for name, (outward, inward) in factors.items():
        missing = rank - inward.shape[0]
        pad = torch.nn.functional.pad
        yield name, (pad(outward, (0, missing)), pad(inward, (0, 0, 0, missing)))
