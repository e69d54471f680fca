"""`make docs`: the documentation as a site, built offline; a link that leads nowhere ends it with status 1.

The README is the first page. What links name outside of docs/ is carried along, a folder as a list of its files.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tools.site import reference

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PAGES: Final = ROOT / ".cache" / "site"
_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
_MADE: Final[Mapping[str, Callable[[], str]]] = {
    "reference/commands.md": reference.commands,
    "reference/files.md": reference.files,
    "reference/units.md": reference.units,
    "reference/functions.md": reference.functions,
}


def assemble(pages: Path, *, root: Path = ROOT) -> None:
    """Writes all pages into a folder, anew."""
    shutil.rmtree(pages, ignore_errors=True)
    waiting = [root / "README.md", root / "CONTRIBUTING.md", root / "CHANGELOG.md", *sorted(root.glob("docs/**/*.*"))]
    done: set[Path] = set()
    while waiting:
        source = waiting.pop()
        if source in done:
            continue
        done.add(source)
        page = pages / _place(source.relative_to(root))
        page.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            page.write_text(_listing(source), encoding="utf-8")
            waiting += [file for file in source.iterdir() if file.is_file()]
        elif source.suffix != ".md":
            shutil.copyfile(source, page)
        else:
            text = source.read_text(encoding="utf-8")
            found = [(source.parent / link).resolve() for link in _LINK.findall(text)]
            waiting += [target for target in found if target.exists() and target.is_relative_to(root)]
            page.write_text(_LINK.sub(partial(_led, source=source, root=root), text), encoding="utf-8")
    for name, made in _MADE.items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(made(), encoding="utf-8")


def _place(source: Path) -> Path:
    """Where a file of the project, or the list of a folder, is among the pages."""
    if source == Path("README.md"):
        return Path("index.md")
    page = source.relative_to("docs") if source.is_relative_to("docs") else source
    return page if page.suffix or page.name == "LICENSE" else page / "index.md"


def _led(link: re.Match[str], *, source: Path, root: Path) -> str:
    """A link of a file as one of its page; what is not there stays, for mkdocs to complain of."""
    target = (source.parent / link[0]).resolve()
    if not target.exists() or not target.is_relative_to(root):
        return link[0]
    page, here = _place(target.relative_to(root)), _place(source.relative_to(root))
    return Path(os.path.relpath(page, here.parent)).as_posix()


def _listing(folder: Path) -> str:
    files = sorted(file.name for file in folder.iterdir() if file.is_file())
    return f"# {folder.name.capitalize()}\n\n" + "\n".join(f"- [{name}]({name})" for name in files) + "\n"


def main() -> int:
    """Assembles the pages and has mkdocs build them into site/."""
    assemble(PAGES)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    status = subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=False).returncode
    if not status:
        print("site/index.html")
        print("with search, which browsers give to no file: python -m http.server --directory site", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
