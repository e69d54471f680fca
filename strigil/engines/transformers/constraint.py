"""Regular expressions and JSON schemas as constraints on generated tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.data.messages import Sampling
from strigil.engines.tokens.chat import ChatTokenizer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch

try:
    import xgrammar
except ImportError as missing:
    _message = f"a constraint needs xgrammar, which cannot be imported: {missing}"
    raise PrerequisiteError(_message, hint="pip install xgrammar") from missing


class ConstraintCompiler:
    """Compiles constraints for one model's vocabulary, each of them once.

    Args:
        chat: The model's tokenizer.
        vocabulary: Number of logits of the model, which can be more than the tokenizer's words.
    """

    def __init__(self, chat: ChatTokenizer, vocabulary: int) -> None:
        self._chat = chat
        self._vocabulary = vocabulary
        info = xgrammar.TokenizerInfo.from_huggingface(
            chat.tokenizer, vocab_size=vocabulary, stop_token_ids=list(chat.end_ids)
        )
        self._compiler = xgrammar.GrammarCompiler(info)

    def constrain(self, sampling: Sampling, rows: int) -> Constraint | None:
        """A fresh constraint on `rows` rows, none of which has a token yet; None where the sampling names none.

        Raises:
            ConfigError: The expression or schema is not one that xgrammar understands.
        """
        name = sampling.constraint
        if name is None:
            return None
        try:
            if sampling.regex is not None:
                compiled = self._compiler.compile_regex(sampling.regex)
            else:
                compiled = self._compiler.compile_json_schema(str(sampling.json_schema))
        except (RuntimeError, ValueError) as error:
            message = f"{name} is not understood: {str(error).strip().splitlines()[-1]}"
            raise ConfigError(message) from error
        return Constraint(name, [xgrammar.GrammarMatcher(compiled) for _ in range(rows)], self._vocabulary)


class Constraint:
    """The states of one batch's rows within a constraint."""

    def __init__(self, name: str, matchers: list[xgrammar.GrammarMatcher], vocabulary: int) -> None:
        self._name = name
        self._matchers = matchers
        self._vocabulary = vocabulary
        self._batch = xgrammar.BatchGrammarMatcher()

    def mask(self, logits: torch.Tensor, rows: npt.NDArray[np.int64]) -> None:
        """Sets the logits of forbidden tokens to minus infinity.

        Args:
            logits: [len(rows), vocabulary]; changed in place.
            rows: The rows of the batch that the logits belong to.

        Raises:
            ConfigError: No token of the model can go on in one of the rows.
        """
        table = xgrammar.allocate_token_bitmask(len(rows), self._vocabulary)
        self._batch.batch_fill_next_token_bitmask([self._matchers[row] for row in rows], table)
        allowed = table.to(logits.device)
        if not bool((allowed != 0).any(dim=-1).all()):
            message = f"no token of the model can go on within {self._name}"
            raise ConfigError(message, hint="use a constraint that the model's tokens can spell")
        xgrammar.apply_token_bitmask_inplace(logits, allowed)

    def accept(self, rows: npt.NDArray[np.int64], tokens: npt.NDArray[np.int64]) -> None:
        """Moves the given rows on by the tokens that were chosen for them."""
        self._batch.batch_accept_token([self._matchers[row] for row in rows], tokens.tolist())
