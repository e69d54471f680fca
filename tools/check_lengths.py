"""Fails when a Python file is longer than a person wants to read: one unit, one file."""

import subprocess
import sys
from pathlib import Path

CAP = 500


def main() -> int:
    """Names every file over the cap; 1 if there is one."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    lengths = {
        path: len(path.read_text().splitlines()) for path in map(Path, listing.stdout.splitlines()) if path.exists()
    }
    too_long = {path: lines for path, lines in lengths.items() if lines > CAP}
    for path, lines in too_long.items():
        print(f"{path}: {lines} lines, at most {CAP}: split it", file=sys.stderr)
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
