"""The processes that train one student together, as `accelerate launch` starts them; usually one alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch


@dataclass(frozen=True)
class Team:
    """This process among those that train together.

    Every process holds all weights, takes each `size`-th row of a batch, and makes the same step from the summed
    gradient; the one of rank 0 writes.
    """

    rank: int = 0
    size: int = 1

    @property
    def writes(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def sum(self, tensors: Iterable[torch.Tensor]) -> None:
        """Sums each tensor over the processes, in place."""
        if self.size > 1:
            import torch.distributed

            for tensor in tensors:
                torch.distributed.all_reduce(tensor)

    def wait(self) -> None:
        """Waits until every process has come here."""
        if self.size > 1:
            import torch.distributed

            torch.distributed.barrier()


def in_a_team() -> bool:
    """Whether this process was started to train together with others."""
    return _size() > 1


def leads() -> bool:
    """Whether this process speaks for its team; one alone does."""
    return os.environ.get("RANK", "0") == "0"


def join_team() -> Team:
    """The team that the environment names: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT."""
    if not in_a_team():
        return Team()
    import torch.distributed

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    return Team(torch.distributed.get_rank(), torch.distributed.get_world_size())


def _size() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
