"""Which tokens texts have, without loading a model's weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strigil.engines.protocol import Scorable, TokenScores

if TYPE_CHECKING:
    from strigil.models.catalog import Model


class TokenReader:
    """Tells completions' token ids, the same as every engine, and their texts; it can score nothing.

    Raises:
        ConfigError: The folder has no configuration, tokenizer or chat template.
    """

    def __init__(self, model: Model) -> None:
        from strigil.engines.tokens.chat import ChatTokenizer, model_facts  # transformers takes a second to import

        self._name = model.id
        self._chat = ChatTokenizer(model.path, context=model_facts(model.path).context)

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """Token ids alone, in the order given.

        Raises:
            ConfigError: A text does not fit into the context.
        """
        targets = self._chat.targets(sequences)
        return [TokenScores(target.scorable.key, tuple(target.completion), (), n_prompt=0) for target in targets]

    def spell(self, text: Scorable, ids: Sequence[int]) -> str | None:
        """The completion that has these tokens in the text's place, or None if no text has exactly them."""
        written: str = self._chat.tokenizer.decode(list(ids), skip_special_tokens=False)
        [again] = self._chat.targets([Scorable(text.key, text.messages, written, text.adapter)])
        return written if again.completion == list(ids) else None
