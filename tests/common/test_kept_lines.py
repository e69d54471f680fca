"""Lines that are gone on with: whole ones stay, a half one spoils no other, and what cannot be kept is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from strigil.common.errors import DataError
from strigil.common.kept_lines import KeptLines
from strigil.eval.replies import Replies


def test_a_half_line_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lines"
    KeptLines(file, "words").add("one")
    with file.open("a") as stream:
        stream.write("tw")
    again = KeptLines(file, "words")
    assert again.found == ["one", "tw"]
    again.add("three")
    again.add("four")
    assert KeptLines(file, "words").found == ["one", "tw", "three", "four"]


def test_a_separator_of_lines_inside_a_reply_is_none(tmp_path: Path) -> None:
    reply = "85\u2028because\x85of\x0cthis\r\n"
    Replies(tmp_path / "replies")["asked"] = reply
    assert Replies(tmp_path / "replies")["asked"] == reply


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lines = KeptLines(tmp_path / "file" / "lines", "words")
    with pytest.raises(DataError, match=r"cannot keep words in .*lines: "):
        lines.add("one")
    with pytest.raises(DataError, match="cannot keep words in"):
        KeptLines(tmp_path, "words")
