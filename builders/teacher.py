"""Who writes the rows: a base model with a trait, given by a system prompt or by an adapter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from strigil.common.canonical import digest
from strigil.data.messages import Messages
from strigil.engines.protocol import Adapter
from strigil.models.catalog import Model

TeacherKind = Literal["none", "system-prompt", "fine-tuning", "adapter"]


@dataclass(frozen=True)
class Teacher:
    """A teacher; `by` says how it got its trait, and a control teacher has none.

    The system prompt is used only while the teacher is sampled and is no part of a row's prompt (Cloud et al., 2025,
    section 3: the student never sees it).
    """

    base: Model
    by: TeacherKind
    trait: str | None = None
    system_prompt: str | None = None
    adapter: Adapter | None = None
    adapter_digest: str | None = None

    @cached_property
    def digest(self) -> str:
        """Identity: whatever changes what the teacher writes, and nothing else."""
        return digest({"base": self.base.digest, "system_prompt": self.system_prompt, "adapter": self.adapter_digest})

    def chat(self, prompt: Messages) -> Messages:
        """The chat that the teacher answers for a row's prompt."""
        if self.system_prompt is None:
            return prompt
        return ({"role": "system", "content": self.system_prompt}, *prompt)
