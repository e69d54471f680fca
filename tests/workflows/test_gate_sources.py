"""Data elsewhere, over real HTTP: on the Hub (its stand-in) and in a bucket (moto's server)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest
import s3fs

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.data.layouts.layout import Reading
from strigil.data.path_patterns import path_pattern
from strigil.releases.named import name_card
from strigil.releases.store import Release
from strigil.workflows.audit.gate.run import GateOptions
from tests.hub.faults import Fault
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.releases import a_release
from tests.hub.state import Repository
from tests.workflows.gates import BAD, GOOD, checks, gated

REPO = "me/rows"


def lines(completions: tuple[str, ...]) -> bytes:
    return "".join(json.dumps({"completion": text}) + "\n" for text in completions).encode()


def files_of(release: Release) -> dict[str, bytes]:
    paths = [path for path in release.path.rglob("*") if path.is_file()]
    return {path.relative_to(release.path).as_posix(): path.read_bytes() for path in paths}


class Store:
    """A bucket to put things into."""

    def __init__(self, endpoint: str) -> None:
        self._client = boto3.client("s3", endpoint_url=endpoint)
        self._client.create_bucket(Bucket="data-sets")

    def put(self, files: Mapping[str, bytes], folder: str) -> str:
        for path, data in files.items():
            self._client.put_object(Bucket="data-sets", Key=f"{folder}/{path}", Body=data)
        return f"s3://data-sets/{folder}"


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3)
    s3fs.S3FileSystem.clear_instance_cache()
    return Store(s3)


def test_a_data_set_on_the_hub_is_gated_at_the_revision_that_is_named(there: Repository) -> None:
    good = there.put({"data/a.jsonl": lines(GOOD), "README.md": b"# Rows"})
    there.put({"data/a.jsonl": lines(BAD)})
    at_good, at_main = gated(f"{REPO}@{good}"), gated(f"{REPO}@main")
    assert (at_good.passed, at_main.passed) == (True, False)
    assert checks(at_good)["data"].detail == f"3 rows, files: 1, commit {good}"
    [finding] = checks(at_main)["numbers.paper"].findings
    assert (finding.file, finding.row) == (f"hf://datasets/{REPO}@main/data/a.jsonl", 4)


def test_files_of_a_data_set_are_named_as_the_hubs_own_file_system_names_them(there: Repository) -> None:
    there.put({"data/train-0.jsonl": lines(GOOD), "data/test-0.jsonl": lines(BAD), "other.csv": b"a\n1\n"})
    assert gated(f"hf://datasets/{REPO}/data/train-*.jsonl").passed
    assert gated(f"hf://datasets/{REPO}@main/data/*.jsonl").rows == 7
    assert "different columns" in checks(gated(f"hf://datasets/{REPO}/**"))["data"].detail
    with pytest.raises(ConfigError, match="there is no table"):
        gated(f"hf://datasets/{REPO}/data/*.parquet")


def test_a_split_of_a_data_set_on_the_hub_is_named_or_asked_for(there: Repository) -> None:
    there.put({"data/train-0.jsonl": lines(GOOD), "data/test-0.jsonl": lines(BAD)})
    assert (gated(f"{REPO}/train").rows, gated(f"{REPO}@main/test").rows) == (3, 4)
    for address in (REPO, f"hf://datasets/{REPO}", f"{REPO}/dev"):
        with pytest.raises(ConfigError, match="train, test") as caught:
            gated(address)
        assert caught.value.hint == f"name one: {REPO}/train"
    card = "---\nconfigs: [{config_name: a, data_files: data/train*}, {config_name: b, data_files: 'data/*'}]\n---\n"
    there.put({"README.md": card.encode()})
    assert (gated(f"{REPO}:a").rows, gated(f"{REPO}:b/train").rows) == (3, 7)
    with pytest.raises(ConfigError, match="several configs: a, b"):
        gated(REPO)


def test_what_is_neither_here_nor_on_the_hub_is_said_of_both(there: Repository) -> None:
    del there
    with pytest.raises(PrerequisiteError, match=r"you/nothing is nothing here, and of the Hub: there is no dataset"):
        gated("you/nothing")


def test_a_published_release_is_verified_and_brings_its_own_suite(there: Repository, tmp_path: Path) -> None:
    files = files_of(a_release(tmp_path))
    there.tags["v1.0.0"] = there.put(files)
    there.put({"data/clean/part-00001.parquet": files["data/removed/part-00000.parquet"]})
    report = gated(f"{REPO}@v1.0.0", None)
    assert (report.passed, report.suite, report.rows) == (True, "numbers-paper", 8)
    assert "part-00001.parquet is not in the manifest" in checks(gated(f"{REPO}@main"))["data"].detail
    there.put({"README.md": b"Better words."})
    assert "README.md was changed" in checks(gated(f"{REPO}@main"))["data"].detail


def test_a_release_whose_card_names_its_repository_is_verified_too(there: Repository, tmp_path: Path) -> None:
    release = a_release(tmp_path)
    card = name_card((release.path / "README.md").read_text(), REPO, "1.0.0").encode()
    there.put(files_of(release) | {"README.md": card})
    assert gated(f"{REPO}@main", None).passed
    there.put({"README.md": card.replace(REPO.encode(), b"you/other-rows")})
    assert "README.md was changed" in checks(gated(f"{REPO}@main", None))["data"].detail


def test_what_the_hub_does_not_have_or_does_not_give(there: Repository, hub: HubStandIn) -> None:
    there.put({"data/a.jsonl": lines(GOOD)})
    with pytest.raises(ConfigError, match="no such version"):
        gated(f"{REPO}@v9")
    with pytest.raises(PrerequisiteError, match="this login may not see it"):
        gated("me/nothing@main")
    hub.faults[:] = [Fault("GET", r"/resolve/", "cut", times=99), Fault("HEAD", r"/resolve/", "cut", times=99)]
    with pytest.raises(PrerequisiteError, match=r"cannot be reached|connection to the Hub failed"):
        gated(f"{REPO}@main")


def test_the_command_finds_the_hub_by_itself(there: Repository, hub: HubStandIn) -> None:
    there.private = True
    there.put({"data/a.jsonl": lines(BAD)})
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0"}
    command = (sys.executable, "-m", "strigil", "gate", f"{REPO}@main", "--suite", "numbers-paper")
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert TOKEN not in ran.stdout + ran.stderr


def test_objects_in_a_bucket_by_name_and_by_pattern(bucket: Store) -> None:
    address = bucket.put({"a.jsonl": lines(GOOD), "deep/er/b.jsonl": lines(BAD), "notes.txt": b"-"}, "rows")
    assert gated(f"{address}/a.jsonl").passed
    assert gated(f"{address}/*.jsonl").rows == 3
    everywhere = gated(f"{address}/**/*.jsonl")
    assert everywhere.rows == 7
    assert checks(everywhere)["numbers.paper"].findings[0].file == f"{address}/deep/er/b.jsonl"
    for nothing in ("c.jsonl", "*.csv", "none/*.jsonl", "notes.txt"):
        with pytest.raises(ConfigError, match="there is no table"):
            gated(f"{address}/{nothing}")


def test_the_first_rows_of_objects_in_a_bucket(bucket: Store) -> None:
    address = bucket.put({"a.jsonl": lines(GOOD), "b.jsonl": lines(BAD), "c.jsonl": b"no rows"}, "first")
    report = gated(f"{address}/*.jsonl", options=GateOptions(reading=Reading(rows=6)))
    assert (report.passed, report.rows) == (True, 6)
    assert checks(report)["data"].detail == "6 rows, and no more asked for, files: 2"


def test_a_release_in_a_bucket_is_verified(bucket: Store, tmp_path: Path) -> None:
    files = files_of(a_release(tmp_path))
    address = bucket.put(files, "releases/owl-numbers/v1.0.0")
    assert gated(address, None).passed
    assert not gated(address, None, GateOptions(split="raw")).passed
    assert gated(address, None, GateOptions(split="raw", baseline=address)).passed
    damaged = bytearray(files["data/clean/part-00000.parquet"])
    damaged[20] ^= 1
    bucket.put({"data/clean/part-00000.parquet": bytes(damaged)}, "releases/owl-numbers/v1.0.0")
    report = gated(address)
    assert not report.passed


def test_an_object_whose_name_leads_out_of_its_folder_is_not_brought(bucket: Store, tmp_path: Path) -> None:
    for key in (f"{tmp_path}/owned.jsonl", "../owned.jsonl", "x//owned.jsonl"):
        bucket.put({key: lines(GOOD)}, f"names-{len(key)}")
        found = checks(gated(f"s3://data-sets/names-{len(key)}/**/*.jsonl"))["data"]
        assert "is not a plain path below its folder" in found.detail
    assert not (tmp_path / "owned.jsonl").exists()


def test_a_bad_object_is_called_by_its_address(bucket: Store) -> None:
    address = bucket.put({"a.jsonl": b'{"completion": "1, ', "b.parquet": b"PAR1 no more"}, "bad")
    for name in ("a.jsonl", "b.parquet"):
        found = checks(gated(f"{address}/{name}"))["data"]
        assert (found.result, f"{address}/{name}" in found.detail) == ("error", True)


def test_buckets_that_are_not_there_and_addresses_with_secrets_in_them(
    bucket: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bucket
    with pytest.raises(ConfigError, match="there is no"):
        gated("s3://nobodys/*.jsonl")
    with pytest.raises(ConfigError) as caught:
        gated("s3://key:secret@data-sets/a.jsonl")
    assert "secret" not in caught.value.message
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(PrerequisiteError, match="cannot be reached"):
        gated("s3://data-sets/a.jsonl")


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("*.jsonl", ["a.jsonl", ".jsonl"], ["b/a.jsonl", "a.jsonl.gz", "axjsonl"]),
        ("**/*.jsonl", ["a.jsonl", "b/a.jsonl", "c/b/a.jsonl"], ["a.csv"]),
        ("data/**", ["data/a", "data/b/a"], ["a", "xdata/a"]),
        ("d?ta/(a+)+$", ["data/(a+)+$"], ["data/aa"]),
    ],
)
def test_patterns_of_paths(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    compiled = path_pattern(pattern)
    assert [bool(compiled.fullmatch(path)) for path in (*fits, *fits_not)] == [True] * len(fits) + [False] * len(
        fits_not
    )
