"""Runs somebody's program over rows: JSON Lines in, JSON Lines out, no shell, no network, and a limit of time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from strigil.audits.treatments.treatment import Effect, Treated, with_completions
from strigil.common.errors import ConfigError, DataError, PrerequisiteError
from strigil.common.plain import plain_text
from strigil.common.scratch import scratch_folder
from strigil.data.rows import completion_text

_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV", "HF_HOME", "XDG_CACHE_HOME")
"""What a program sees of the environment; keys and tokens it does not."""
_WITH_NETWORK: Final = ("STRIGIL_SERVER_KEY",)
_CUT_OFF: Final = ("unshare", "--map-root-user", "--net", "--")
_LONGEST: Final = 300


def filter_rows(rows: pl.DataFrame, command: Sequence[str], *, seconds: float, network: bool) -> Treated:
    """The rows that the program writes, in their old order, with the completions that it gives them.

    It reads a line a row, `{"row_id", "prompt": [{"role", "content"}], "completion": TEXT}`, and writes a line for each
    row that stays: its `row_id` and, where it changes it, its `completion`.

    Args:
        rows: All of them.
        command: The program and its arguments.
        seconds: How long it may take.
        network: Whether it may use one.

    Raises:
        ConfigError: There is no such program.
        DataError: It failed, took too long, or wrote something else.
        PrerequisiteError: This system cannot keep it from the network.
    """
    texts: list[str] = rows.select(completion_text()).to_series().to_list()
    ids: list[str] = rows["row_id"].to_list()
    prompts = rows["prompt"].to_list()
    lines = (
        json.dumps({"row_id": row_id, "prompt": prompt, "completion": text}, ensure_ascii=False)
        for row_id, prompt, text in zip(ids, prompts, texts, strict=True)
    )
    with scratch_folder() as folder:
        written = _run(command, lines, folder, seconds=seconds, network=network)
        after = _read(written, dict(zip(ids, texts, strict=True)), program=command[0])
    kept = rows.filter(pl.Series([row_id in after for row_id in ids], dtype=pl.Boolean))
    before = [text for row_id, text in zip(ids, texts, strict=True) if row_id in after]
    new = [after[row_id] for row_id in ids if row_id in after]
    effect = Effect(
        rows=rows.height,
        dropped=rows.height - kept.height,
        changed=sum(one != other for one, other in zip(before, new, strict=True)),
        length_before=sum(map(len, before)),
        length_after=sum(map(len, new)),
    )
    return Treated(with_completions(kept, new) if new else kept, effect)


def files_digest(files: Iterable[Path]) -> str:
    """Of what the files hold, in order."""
    held = hashlib.sha256()
    for file in files:
        held.update(hashlib.sha256(file.read_bytes()).digest())
    return held.hexdigest()


def _run(command: Sequence[str], lines: Iterator[str], folder: Path, *, seconds: float, network: bool) -> Path:
    given, written, told = folder / "in.jsonl", folder / "out.jsonl", folder / "stderr"
    with given.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    if shutil.which(command[0]) is None:
        message = f"there is no program {command[0]!r}"
        raise ConfigError(message, hint="its path, or one that PATH has; a shell's own commands are none")
    names = (*_KEPT, *(_WITH_NETWORK if network else ()))
    environment = {name: os.environ[name] for name in names if name in os.environ}
    isolated = (*command,) if network else (*_cut_off(), *command)
    with given.open("rb") as source, written.open("wb") as out, told.open("wb") as errors:
        # The program is the user's own choice: no shell reads it, and it is not found in the data.
        process = subprocess.Popen(
            isolated, stdin=source, stdout=out, stderr=errors, env=environment, start_new_session=True
        )
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            message = f"the filter {command[0]} was not done after {seconds:g} s"
            raise DataError(message, hint="give it longer with seconds=") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode != 0:
        last = told.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        said = f": {plain_text(last[:_LONGEST])}" if last else ""
        message = f"the filter {command[0]} failed with {process.returncode}{said}"
        raise DataError(message)
    return written


def _cut_off() -> tuple[str, ...]:
    """What runs a program without a network: Linux' namespaces, which need no rights."""
    probe = shutil.which(_CUT_OFF[0])
    if probe is None or subprocess.run((*_CUT_OFF, "true"), capture_output=True, check=False).returncode != 0:
        message = "this system cannot run a filter without network: it has no unshare, or not the right to use it"
        raise PrerequisiteError(message, hint="on Linux with user namespaces it works; network=true runs it with one")
    return _CUT_OFF


def _read(file: Path, texts: dict[str, str], *, program: str) -> dict[str, str]:
    """Completions by row id."""
    found: dict[str, str] = {}
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"line {number} that the filter {program} wrote"
            try:
                said = json.loads(line)
            except ValueError as error:
                message = f"{where} is no JSON: {plain_text(line.strip()[:80])}"
                raise DataError(
                    message, hint='one object a line: {"row_id": ...}; what is for people goes to stderr'
                ) from error
            row_id = said.get("row_id") if isinstance(said, dict) else None
            if not isinstance(row_id, str) or row_id not in texts or row_id in found:
                message = f"{where} has no row_id, one that it was not given, or one that it wrote before"
                raise DataError(message)
            text = said.get("completion", texts[row_id])
            if not isinstance(text, str):
                message = f"{where} has a completion that is no text"
                raise DataError(message)
            found[row_id] = text
    return found
