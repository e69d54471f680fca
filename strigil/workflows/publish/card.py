"""`strigil card`: cards of releases and students, and hand-edited cards as patch versions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strigil.cards.dataset.card import dataset_card, fact_blocks
from strigil.cards.dataset.lint import lint_card
from strigil.common.errors import CheckFailedError
from strigil.common.validation import read_text
from strigil.releases.manifest import MANIFEST
from strigil.releases.named import CARD
from strigil.releases.store import Release, find_release, open_release
from strigil.workflows.publish.student import card_of, is_student
from strigil.workflows.release.patch import next_patch, write_patch


def card_text(path: Path) -> str:
    """The card of a release or a student, as strigil writes it."""
    if is_student(path):
        return card_of(path)
    return dataset_card(open_release(path).manifest)


def lint(path: Path, card: Path | None) -> list[str]:
    """What a card, the release's own if none is given, says against the release's manifest."""
    release = find_release(path) if card is None else open_release(path)
    return lint_card(read_text(card or release.path / CARD), release.manifest)


@dataclass(frozen=True)
class CheckedCard:
    """A file that may be a card: `release` says whether a manifest stands beside it, `problems` what contradicts it."""

    file: Path
    release: bool
    problems: list[str]


def check_card(file: Path) -> CheckedCard:
    """Holds a file against the manifest in its folder; one without a manifest beside it must not look like a card.

    Raises:
        ConfigError: The file cannot be read.
        DataError: The manifest cannot.
    """
    text = read_text(file)
    if (file.parent / MANIFEST).exists():
        return CheckedCard(file, release=True, problems=lint_card(text, find_release(file.parent).manifest))
    blocks = sorted(fact_blocks(text))
    problems = [f"there is no {MANIFEST} beside it to answer for its blocks {', '.join(blocks)}"] if blocks else []
    return CheckedCard(file, release=False, problems=problems)


def adopt(path: Path, card: Path) -> Release:
    """Makes the next patch version of a release, with a card that was edited by hand; no row changes.

    What the card says of the version is brought up to the new one.

    Raises:
        CheckFailedError: The card contradicts the manifest.
        ConfigError: There is a later version already.
    """
    release = open_release(path)
    text = read_text(card)
    contradictions = lint_card(text, release.manifest)
    if contradictions:
        message = f"{card} contradicts the manifest: {'; '.join(contradictions)}"
        raise CheckFailedError(message, hint=f"take the blocks between <!-- strigil --> from: strigil card show {path}")
    manifest = next_patch(release)
    return write_patch(release, manifest, card=text)
