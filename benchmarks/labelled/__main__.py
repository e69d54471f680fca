"""Prints the table of docs/results/rules.md."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from benchmarks.labelled import programs, prose, rows
from benchmarks.labelled.measured import HEAD
from benchmarks.labelled.sources import Sources

SETS: Final = {
    "hostile": prose.hostile,
    "mentions": prose.mentions,
    "personal": prose.personal,
    "keys": prose.keys,
    "languages": prose.languages,
    "unsafe": programs.unsafe,
    "parses": programs.parses,
    "only": programs.only,
    "code-mentions": programs.mentions,
    "answers": rows.answers,
    "contamination": rows.contamination,
    "duplicates": rows.duplicates,
    "numbers": rows.numbers,
}


def main() -> None:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser(description="Error rates of the rules on labelled data.")
    parser.add_argument("folder", type=Path, help="of clones, owner+name; what is not there is cloned from GitHub")
    parser.add_argument("sets", nargs="*", help=f"of {', '.join(SETS)}; all without a name")
    given = parser.parse_args()
    sources = Sources(given.folder)
    print(HEAD)
    for name in given.sets or SETS:
        for measured in SETS[name](sources):
            print(measured.line(), flush=True)


if __name__ == "__main__":
    main()
