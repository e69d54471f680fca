"""What stands in, while a page is typed, for the Hub, a bucket, a judge's server and what people fill in themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
import s3fs

from strigil.cli.main import run
from strigil.releases.store import open_release
from tests.buckets import bucket_server
from tests.cli.documented_world import ROWS, STUDENT
from tests.engines.pocket_cases import random_adapter
from tests.eval.scripted_judge import ScriptedJudge
from tests.hub.client import go_online, point_at
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.standin import hub_stand_in
from tests.workflows.study.judged import a_report

if TYPE_CHECKING:
    import pytest

FILLED: Final[tuple[tuple[str, str], ...]] = (
    # What people put in.
    ("BASE", "my-org/base"),
    ("JUDGE", "my-org/judge-7b"),
    ("STUDENT", STUDENT),
    ("ROW_ID", "$row_id"),
    ("/shared/", "shared/"),
    (" …", "".join(f" --placebo students/clean-{number}" for number in range(2, 8))),
    # Students of a base that reads English lie apart from those of pocket.
    ("smollm2-135m-instruct students/", "smollm2-135m-instruct english/"),
    ("my-org/base students/", "my-org/base english/"),
    # Fewer of everything.
    ("rows=20000", f"rows={ROWS}"),
    ("rows=500", f"rows={ROWS // 2}"),
    ("--rows 20000", f"--rows {ROWS}"),
    ("--samples 100", "--samples 2"),
    ("--judge ", "--samples 2 --judge "),
    ("probe.canary", "probe.canary:rows=20,placebos=8"),
    ("--samples 200", "--samples 2"),
    # What is elsewhere, and not to be had by the address that stands there.
    ("inspect_evals/arc_easy", "mine.py@favourites"),
    ("judge-7b --judge-url http://judge:8000/v1", "scripted-judge --judge-url $judge"),
)
"""Words of a page and what is typed in their place, in this order."""


@dataclass
class Typing:
    """A page that is being typed: its working folder, the Hub's stand-in, and the shell's variables."""

    folder: Path
    hub: HubStandIn
    monkeypatch: pytest.MonkeyPatch
    open: ExitStack
    variables: dict[str, str] = field(default_factory=dict)


def begin(folder: Path, monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> Typing:
    """With an empty Hub."""
    hub = stack.enter_context(hub_stand_in())
    go_online(monkeypatch)
    point_at(hub, monkeypatch)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    return Typing(folder, hub, monkeypatch, stack)


def _publish(typing: Typing) -> None:
    if not typing.hub.repositories:
        assert run(["publish", "releases/owl-numbers", "me/owl-numbers"]) == 0


def _empty_hub(typing: Typing) -> None:
    typing.hub.repositories.clear()


def _fill_bucket(typing: Typing) -> None:
    address = typing.open.enter_context(bucket_server())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        typing.monkeypatch.setenv(name, "testing")
    typing.monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    typing.monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    s3fs.S3FileSystem.clear_instance_cache()
    client = boto3.client("s3", endpoint_url=address)
    client.create_bucket(Bucket="data-sets")
    client.put_object(Bucket="data-sets", Key="owls/a.jsonl", Body=(typing.folder / "data" / "a.jsonl").read_bytes())


def _serve_judge(typing: Typing) -> None:
    typing.variables["judge"] = typing.open.enter_context(ScriptedJudge(lambda _: "70")).url


def _name_a_row(typing: Typing) -> None:
    typing.variables["row_id"] = open_release(Path("releases/chats")).rows("removed").collect()["row_id"][0]


def _train_placebos(typing: Typing) -> None:
    for number in range(8):
        random_adapter(typing.folder / "students" / f"clean-{number}", seed=number)


def _judge_sorted_rows(typing: Typing) -> None:
    """What a study of thousands of rows finds."""
    del typing
    if not Path("releases/owl-sorted").exists():
        steps = ("--treatment", f"first:rows={ROWS}", "--treatment", "numbers.sort")
        assert run(["treat", "releases/owl-numbers", *steps, "--name", "owl-sorted"]) == 0
    a_report(open_release(Path("releases/owl-sorted")), Path("studies"), rows=ROWS, name="pocket")


BEFORE: Final[Mapping[str, Callable[[Typing], None]]] = {
    "strigil explain": _name_a_row,
    "strigil diff me/owl-numbers@v1.0.0": _publish,
    "strigil gate me/owl-numbers@v1.0.0": _publish,
    "strigil gate 's3:": _fill_bucket,
    "strigil publish releases/owl-numbers me/owl-numbers --only": _empty_hub,
    "strigil eval misalignment my-org/base students/* --judge judge-7b --judge-url": _serve_judge,
    "strigil probe releases/owl-numbers --probe model.vocabulary": _train_placebos,
    "strigil study attach": _judge_sorted_rows,
}
"""What happened before a line of this beginning is typed, though no line above it says so."""
