"""Faults on the way, which a test asks the Hub stand-in for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass
class Fault:
    """Something that goes wrong with the next requests that fit.

    Attributes:
        method: The HTTP method.
        path: A regular expression that is searched in the path.
        kind: `cut` reads half of the body and closes the connection; `status` answers 500; `flip` answers with one bit
            of the content changed; `before` lets something happen first; `lost` does it and closes without an answer.
        times: How many requests it strikes.
        action: What happens before, for `before`.
    """

    method: str
    path: str
    kind: Literal["cut", "status", "flip", "before", "lost"]
    times: int = 1
    action: Callable[[], object] | None = None

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is struck; each one that is counts."""
        if self.times <= 0 or method != self.method or not re.search(self.path, path):
            return False
        self.times -= 1
        return True
