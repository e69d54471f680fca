"""The networks of the self-test: a digit classifier with auxiliary logits, and how teacher and students are trained.

Source: Cloud, Le et al., "Language models transmit behavioural traits through hidden signals in data" (2026), the MNIST
experiment; here on the 8 x 8 digits inside scikit-learn, with one network at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from strigil.common.errors import PrerequisiteError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    Loss = Callable[[nn.Module, Tensor], Tensor]

CLASSES, AUXILIARY, PIXELS = 10, 3, 64
_HELD_OUT = 450


@dataclass(frozen=True)
class DigitsSettings:
    """How the networks are trained; docs/selftest.md has the figures of 25 seeds."""

    hidden: int = 256
    learning_rate: float = 1e-3
    teacher_epochs: int = 10
    teacher_batch: int = 64
    noise_images: int = 20_000
    student_epochs: int = 10
    student_batch: int = 256

    @property
    def epochs(self) -> int:
        """Epochs of one training seed: a teacher and two students."""
        return self.teacher_epochs + 2 * self.student_epochs


@dataclass(frozen=True)
class DigitsRun:
    """Accuracies of one training seed on the 450 held-out digits, between 0 and 1."""

    seed: int
    untrained: float
    teacher: float
    student: float
    other_init: float


@dataclass(frozen=True)
class Digits:
    """Images of shape (n, 64) with pixels in [-1, 1], and their labels, 0 to 9; the split never changes."""

    images: Tensor
    labels: Tensor
    held_out_images: Tensor
    held_out_labels: Tensor


class _Draw(IntEnum):
    """What a training seed is drawn for; each draw has its own generator, so that none depends on another."""

    INITIALISATION = 0
    OTHER_INITIALISATION = 1
    TEACHER_ORDER = 2
    STUDENT_ORDER = 3
    NOISE = 4

    def generator(self, seed: int) -> torch.Generator:
        import torch

        return torch.Generator().manual_seed(8 * seed + self)


def load_digits() -> Digits:
    """Reads scikit-learn's 1,797 handwritten digits.

    Raises:
        PrerequisiteError: If torch or scikit-learn is not installed.
    """
    try:
        import torch
        from sklearn import datasets
    except ImportError as missing:
        message = f"the digits experiment needs {missing.name}, which is not installed"
        raise PrerequisiteError(message, hint='pip install "strigil[train]"') from missing
    pixels, digits = datasets.load_digits(return_X_y=True)
    images, labels = torch.tensor(pixels / 8 - 1, dtype=torch.float32), torch.tensor(digits)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    held_out, kept = order[:_HELD_OUT], order[_HELD_OUT:]
    return Digits(images[kept], labels[kept], images[held_out], labels[held_out])


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps torch to one thread: for layers this small, waiting for each other takes ten times the work."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def run_seed(seed: int, digits: Digits, settings: DigitsSettings, on_epoch: Callable[[], None]) -> DigitsRun:
    """Trains one teacher and two students, one from the teacher's initialisation, one from another."""
    import torch
    from torch.nn.functional import cross_entropy, kl_div

    def read_digits(network: nn.Module, batch: Tensor) -> Tensor:
        return cross_entropy(network(digits.images[batch])[:, :CLASSES], digits.labels[batch])

    def match_teacher(network: nn.Module, batch: Tensor) -> Tensor:
        logits = network(noise[batch])[:, CLASSES:].log_softmax(dim=1)
        return kl_div(logits, targets[batch], log_target=True, reduction="batchmean")

    trainer = _Trainer(settings.learning_rate, on_epoch)
    teacher = _network(_Draw.INITIALISATION.generator(seed), settings.hidden)
    untrained = _accuracy(teacher, digits)
    order = _Draw.TEACHER_ORDER.generator(seed)
    trainer.fit(teacher, read_digits, order, len(digits.labels), settings.teacher_epochs, settings.teacher_batch)

    noise = torch.rand(settings.noise_images, PIXELS, generator=_Draw.NOISE.generator(seed)) * 2 - 1
    with torch.no_grad():
        targets = teacher(noise)[:, CLASSES:].log_softmax(dim=1)
    accuracies = []
    for start in (_Draw.INITIALISATION, _Draw.OTHER_INITIALISATION):
        student = _network(start.generator(seed), settings.hidden)
        order = _Draw.STUDENT_ORDER.generator(seed)
        trainer.fit(student, match_teacher, order, len(noise), settings.student_epochs, settings.student_batch)
        accuracies.append(_accuracy(student, digits))
    return DigitsRun(
        seed, untrained=untrained, teacher=_accuracy(teacher, digits), student=accuracies[0], other_init=accuracies[1]
    )


def _network(generator: torch.Generator, hidden: int) -> nn.Sequential:
    """Three linear layers; weights N(0, 1 / inputs), biases 0: the generator alone says where training starts."""
    import torch
    from torch import nn

    sizes = (PIXELS, hidden, hidden, CLASSES + AUXILIARY)
    layers = [nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)]
    with torch.no_grad():
        for layer in layers:
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / layer.in_features**0.5)
            layer.bias.zero_()
    return nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])


@dataclass(frozen=True)
class _Trainer:
    learning_rate: float
    on_epoch: Callable[[], None]

    def fit(self, network: nn.Module, loss: Loss, order: torch.Generator, rows: int, epochs: int, batch: int) -> None:
        import torch

        optimiser = torch.optim.Adam(network.parameters(), lr=self.learning_rate)
        for _ in range(epochs):
            for indices in torch.randperm(rows, generator=order).split(batch):
                optimiser.zero_grad()
                loss(network, indices).backward()
                optimiser.step()
            self.on_epoch()


def _accuracy(network: nn.Module, digits: Digits) -> float:
    import torch

    with torch.no_grad():
        guesses = network(digits.held_out_images)[:, :CLASSES].argmax(dim=1)
    return int((guesses == digits.held_out_labels).sum()) / len(guesses)
