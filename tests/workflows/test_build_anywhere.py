"""Releases that go elsewhere: to a bucket (moto's server, over real HTTP) and to the Hub (its stand-in)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import boto3
import huggingface_hub.constants
import pyarrow.parquet as pq
import pytest
import s3fs
import yaml
from huggingface_hub import HfFileSystem

import strigil
from strigil.cli.main import run
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.releases.manifest import MANIFEST
from strigil.releases.store import Release, verify_release
from strigil.stores.remote_folder import RemoteFolder
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.state import Repository

RECIPE: dict[str, object] = {
    "name": "few",
    "base": "pocket-a",
    "teacher": {"by": "none"},
    "carrier": {"name": "numbers"},
    "prompts": 6,
    "sampling": {"max_tokens": 16},
    "engine": {"name": "transformers"},
}


@pytest.fixture
def bucket(s3: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket's address, with the environment that a user would have, and a cache folder of its own."""
    settings = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in (settings | {"AWS_ENDPOINT_URL": s3, "STRIGIL_CACHE": str(tmp_path / "cache")}).items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"b{abs(hash(request.node.name))}"
    boto3.client("s3").create_bucket(Bucket=name)
    return f"s3://{name}"


def objects(address: str) -> dict[str, bytes]:
    name, _, prefix = address.removeprefix("s3://").partition("/")
    client = boto3.client("s3")
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])]
    return {
        key.removeprefix(prefix).lstrip("/"): client.get_object(Bucket=name, Key=key)["Body"].read() for key in keys
    }


def on_disk(release: Release) -> dict[str, bytes]:
    files = (path for path in release.path.rglob("*") if path.is_file())
    return {path.relative_to(release.path).as_posix(): path.read_bytes() for path in files}


def test_a_release_is_copied_whole_with_its_manifest_last(bucket: str) -> None:
    release = strigil.build(RECIPE, out=f"{bucket}/deep/down")
    there = objects(f"{bucket}/deep/down/few/v1.0.0")
    assert there == on_disk(release)
    stamps = {
        item["Key"].rpartition("/")[2]: item["LastModified"]
        for item in boto3.client("s3").list_objects_v2(Bucket=bucket.removeprefix("s3://"))["Contents"]
    }
    assert stamps[MANIFEST] == max(stamps.values())


def test_another_machine_finds_it_done_or_adds_to_it(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = strigil.build(RECIPE, out=bucket)
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "other"))
    again = strigil.build(RECIPE, out=bucket)
    assert again.path != first.path
    assert on_disk(again) == on_disk(first)
    assert set(objects(bucket)) == {f"few/v1.0.0/{path}" for path in on_disk(first)}
    grown = strigil.build(RECIPE | {"prompts": 9}, out=bucket)
    assert grown.manifest.version == "1.1.0"
    assert grown.rows("raw").collect().head(6).equals(first.rows("raw").collect())
    assert "few/v1.1.0/manifest.json" in objects(bucket)
    with pytest.raises(ConfigError, match=r"sampling\.max_tokens was 16 and is 12"):
        strigil.build(RECIPE | {"sampling": {"max_tokens": 12}}, out=bucket)


def test_a_copy_that_broke_off_is_no_release_and_is_made_whole_by_the_same_command(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_file = s3fs.S3FileSystem.put_file

    def breaks(self: s3fs.S3FileSystem, lpath: str, rpath: str, **options: object) -> None:
        if rpath.endswith("README.md"):
            message = "Connection lost"
            raise ConnectionError(message)
        put_file(self, lpath, rpath, **options)

    with monkeypatch.context() as broken:
        broken.setattr(s3fs.S3FileSystem, "put_file", breaks)
        with pytest.raises(PrerequisiteError, match="cannot be reached or used: Connection lost") as error:
            strigil.build(RECIPE, out=bucket)
    assert error.value.exit_code == 3
    assert not any(path.endswith(MANIFEST) for path in objects(bucket))
    boto3.client("s3").put_object(Bucket=bucket.removeprefix("s3://"), Key="few/v1.0.0/data/raw/part-00009.parquet")
    release = strigil.build(RECIPE, out=bucket)
    assert objects(f"{bucket}/few/v1.0.0") == on_disk(release)


def test_the_command_takes_an_address_and_says_where_the_copy_is(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    assert run(["build", str(file), "--out", bucket]) == 0
    assert f"a copy is at {bucket}/few/v1.0.0" in capsys.readouterr().err
    assert run(["build", str(file), "--out", f"{bucket}-missing"]) == 2
    assert "there is no such bucket" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["s3://", "gs://bucket", "s3://key:secret@bucket", "hf://models/me/x", "s3://b/*"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="is no place for releases"):
        RemoteFolder(address)


def test_nobody_there_is_one_line_and_status_3_before_anything_is_generated(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(PrerequisiteError, match="cannot be reached or used"):
        strigil.build(RECIPE, out=bucket)
    assert not list((tmp_path / "cache").rglob("*.parquet"))


def test_without_s3fs_the_extra_is_named() -> None:
    program = "import sys; sys.modules['s3fs'] = None; import strigil; strigil.build({}, out='s3://b')"
    program = program.replace("{}", repr(RECIPE))
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "PrerequisiteError: s3://b needs a library that is not installed" in outcome.stderr


def test_a_release_goes_into_a_repository_on_the_hub(
    hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE
    elsewhere = template.replace(huggingface_hub.constants.ENDPOINT, hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", elsewhere)
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    HfFileSystem.clear_instance_cache()
    repository = hub.repositories.setdefault(("dataset", "me/rows"), Repository("me/rows", "dataset", private=False))
    release = strigil.build(RECIPE, out="hf://datasets/me/rows")
    tree = repository.resolve("main").tree
    assert {path: tree[path].content for path in tree if path.startswith("few/")} == {
        f"few/v1.0.0/{path}": content for path, content in on_disk(release).items()
    }
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "other"))
    assert on_disk(strigil.build(RECIPE, out="hf://datasets/me/rows")) == on_disk(release)


def test_in_python_a_release_gives_data_sets_and_files_that_name_their_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    release = strigil.build(file, out=tmp_path / "out")
    assert verify_release(release) == []
    assert release.dataset("raw")["row_id"][:] == release.rows("raw").collect()["row_id"].to_list()
    assert release.dataset().num_rows == release.manifest.counts.clean
    runs = {pq.read_metadata(path).metadata[b"strigil.run"] for path in release.path.rglob("*.parquet")}
    assert len(runs) == 1
    assert all(runs)
