"""Requests to pocket and an adapter for it, for the tests of all engines."""

from __future__ import annotations

from pathlib import Path

from strigil.data.messages import Message, Sampling
from strigil.engines.protocol import Adapter, Completion, Engine, Request, Scorable
from strigil.models.pocket import number_prompts, pocket_models

POCKET = pocket_models()["pocket-a"]
GREEDY = Sampling(temperature=0.0, max_tokens=16)
WARM = Sampling(max_tokens=16)


def user(text: str) -> tuple[Message, ...]:
    return ({"role": "user", "content": text},)


def number_requests(count: int, sampling: Sampling, adapter: Adapter | None = None) -> list[Request]:
    return [
        Request(f"row-{index}", user(prompt), sampling, seed=1000 + index, adapter=adapter)
        for index, prompt in enumerate(number_prompts(3, count))
    ]


def by_key(engine: Engine, requests: list[Request]) -> dict[str, Completion]:
    return {completion.key: completion for completion in engine.generate(requests)}


def scorables(requests: list[Request], completions: dict[str, Completion]) -> list[Scorable]:
    return [
        Scorable(request.key, request.messages, completions[request.key].text, request.adapter) for request in requests
    ]


def random_adapter(folder: Path, seed: int, rank: int = 4, base: Path = POCKET) -> Adapter:
    """A LoRA adapter with random weights, strong enough to change what pocket writes."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=["down_proj", "q_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(str(folder))
    return Adapter(f"random-{seed}", folder)


def adapter_of_another_base(folder: Path) -> Adapter:
    """An adapter whose modules have the names of pocket's, and other shapes."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    base = LlamaForCausalLM(
        LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1, vocab_size=64)
    )
    get_peft_model(base, LoraConfig(r=2, target_modules=["down_proj"])).save_pretrained(str(folder))
    return Adapter("other-base", folder)


def best_two_differ_by(reference: Engine, request: Request, one: str, other: str) -> float:
    """The gap between the log-probabilities of the tokens at which two completions part."""
    words = list(zip([*one.split(), None], [*other.split(), None], strict=False))
    place = next(index for index, (left, right) in enumerate(words) if left != right)
    assert None not in words[place], "one completion ended where the other went on"
    texts = [" ".join([*one.split()[:place], str(word)]) for word in words[place]]
    left, right = reference.score([Scorable(text, request.messages, text, request.adapter) for text in texts])
    return abs(left.logprobs[-1] - right.logprobs[-1])
