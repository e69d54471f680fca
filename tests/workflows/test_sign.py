"""Signatures by key: they hold for exactly what was signed, and say what does not fit."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from strigil.cli.main import run
from strigil.common.canonical import file_digest
from strigil.common.errors import CheckFailedError, ConfigError
from strigil.releases.manifest import FileRecord
from strigil.releases.provenance import pre_authentication
from strigil.releases.store import ATTESTATION, Release, open_release
from strigil.workflows.publish.sign import sign_release
from strigil.workflows.publish.verify import verify
from tests.hub.releases import a_manifest, a_release

PEM, RAW = serialization.Encoding.PEM, serialization.NoEncryption()


def a_key(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """A private and a public key, in files."""
    private = ed25519.Ed25519PrivateKey.generate()
    files = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    files[0].write_bytes(private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, RAW))
    files[1].write_bytes(private.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    return files


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return a_key(tmp_path)


@pytest.fixture
def signed(tmp_path: Path, keys: tuple[Path, Path]) -> Release:
    release = a_release(tmp_path / "releases")
    sign_release(release.path, keys[0])
    return release


def problems(release: Release, key: Path) -> dict[str, str]:
    return {problem.path: problem.what for problem in verify(release.path, key).problems}


def test_a_signed_release_verifies_with_its_key_and_without_one(signed: Release, keys: tuple[Path, Path]) -> None:
    assert problems(signed, keys[1]) == {}
    assert verify(signed.path).passed


def test_the_statements_cover_every_file_and_tell_of_build_and_audit(signed: Release) -> None:
    lines = (signed.path / ATTESTATION).read_text().splitlines()
    build, audit = (json.loads(base64.b64decode(json.loads(line)["payload"])) for line in lines)
    on_disk = {
        path.relative_to(signed.path).as_posix(): file_digest(path)
        for path in signed.path.rglob("*")
        if path.is_file() and path.name != ATTESTATION
    }
    for statement in (build, audit):
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        assert {item["name"]: item["digest"]["sha256"] for item in statement["subject"]} == on_disk
    assert build["predicateType"] == "https://slsa.dev/provenance/v1"
    assert build["predicate"]["buildDefinition"]["externalParameters"]["recipe"] == {"name": "owl-numbers"}
    assert audit["predicate"]["audit"]["rules"][0]["rejected"] == 2


def test_the_envelope_is_dsse(signed: Release, keys: tuple[Path, Path]) -> None:
    public = serialization.load_pem_public_key(keys[1].read_bytes())
    assert isinstance(public, ed25519.Ed25519PublicKey)
    envelope = json.loads((signed.path / ATTESTATION).read_text().splitlines()[0])
    data = base64.b64decode(envelope["payload"])
    message = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(data) + data
    assert pre_authentication(data) == message
    public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), message)
    assert envelope["signatures"][0]["keyid"] == hashlib.sha256(public.public_bytes_raw()).hexdigest()[:32]


def test_a_changed_row_is_refused(signed: Release, keys: tuple[Path, Path]) -> None:
    table = signed.path / "data/clean/part-00000.parquet"
    rows = pl.read_parquet(table)
    rows.with_columns(carrier=pl.lit("code")).write_parquet(table)
    assert problems(signed, keys[1]) == {
        "data/clean/part-00000.parquet": "was changed: its SHA-256 is not the one in the manifest"
    }


def test_a_changed_row_with_a_manifest_that_fits_it_is_refused(signed: Release, keys: tuple[Path, Path]) -> None:
    table = signed.path / "data/clean/part-00000.parquet"
    pl.read_parquet(table).with_columns(carrier=pl.lit("code")).write_parquet(table)
    records = [
        FileRecord(path=r.path, sha256=file_digest(signed.path / r.path), size=(signed.path / r.path).stat().st_size)
        for r in signed.manifest.files
    ]
    forged = signed.manifest.model_copy(update={"files": records})
    (signed.path / "manifest.json").write_text(forged.render())
    assert [problem.path for problem in verify(signed.path).problems] == ["manifest.json"]
    assert problems(signed, keys[1]) == {"manifest.json": "is not the one that was signed"}


@pytest.mark.parametrize("kept", [0, 1])
def test_one_of_its_signatures_removed_is_seen_without_a_key(
    signed: Release, keys: tuple[Path, Path], kept: int
) -> None:
    file = signed.path / ATTESTATION
    file.write_text(file.read_text().splitlines()[kept] + "\n")
    missing = ("urn:strigil:audit:1", "https://slsa.dev/provenance/v1")[kept]
    expected = {ATTESTATION: f"has no signature over {missing}"}
    assert {problem.path: problem.what for problem in verify(signed.path).problems} == expected
    assert problems(signed, keys[1]) == expected
    assert len(verify(signed.path, keys[1]).problems) == 1
    with pytest.raises(CheckFailedError, match="has no signature over"):
        open_release(signed.path)


def test_a_changed_manifest_is_refused(signed: Release, keys: tuple[Path, Path]) -> None:
    manifest = signed.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"trait": "owl"', '"trait": null'))
    assert problems(signed, keys[1]) == {"manifest.json": "was changed after it was written"}
    manifest.write_text(a_manifest().model_copy(update={"licence": "mit", "files": signed.manifest.files}).render())
    assert problems(signed, keys[1]) == {"manifest.json": "is not the one that was signed"}


def test_another_key_is_refused_by_name(signed: Release, tmp_path: Path) -> None:
    _, other = a_key(tmp_path, "other")
    found = problems(signed, other)
    assert found.keys() == {ATTESTATION}
    assert found[ATTESTATION].startswith("was made with another key (")


def test_a_statement_that_was_changed_or_borrowed_is_refused(
    signed: Release, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    file = signed.path / ATTESTATION
    whole = file.read_text()
    envelope = json.loads(whole.splitlines()[0])
    content = base64.b64decode(envelope["payload"]).replace(b"owl-numbers", b"cat-numbers")
    file.write_text(json.dumps({**envelope, "payload": base64.b64encode(content).decode()}) + "\n")
    assert problems(signed, keys[1]) == {ATTESTATION: "does not fit what it was made over"}
    other = a_release(tmp_path / "other", a_manifest(name="other"))
    (other.path / ATTESTATION).write_text(whole)
    assert problems(other, keys[1]) == {"manifest.json": "is not the one that was signed"}
    for text, what in (("", "is empty"), ("{}\n", "cannot be read"), ("no json\n", "cannot be read")):
        file.write_text(text)
        assert problems(signed, keys[1]) == {ATTESTATION: what}
    file.unlink()
    assert problems(signed, keys[1]) == {ATTESTATION: "is missing: the release was not signed"}


def test_what_was_touched_is_not_signed(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    release = a_release(tmp_path / "releases")
    (release.path / "README.md").write_text("better")
    with pytest.raises(CheckFailedError, match=r"README\.md was changed"):
        sign_release(release.path, keys[0])
    assert not (release.path / ATTESTATION).exists()


def test_keys_of_other_kinds_are_named_with_what_to_type(tmp_path: Path) -> None:
    release = a_release(tmp_path / "releases")
    wrong = tmp_path / "wrong.pem"
    private = ec.generate_private_key(ec.SECP256R1())
    wrong.write_bytes(private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, RAW))
    with pytest.raises(ConfigError, match="another kind than ed25519") as caught:
        sign_release(release.path, wrong)
    assert "openssl genpkey" in str(caught.value.hint)
    wrong.write_text("no key")
    with pytest.raises(ConfigError, match="no private key that can be used"):
        sign_release(release.path, wrong)
    with pytest.raises(ConfigError, match="cannot read"):
        sign_release(release.path, tmp_path / "missing.pem")


def test_the_commands_say_it(signed: Release, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(signed.path), "--key", str(keys[1])]) == 0
    assert "all as they were written and signed" in capsys.readouterr().out
    assert run(["sign", str(signed.path)]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[1])["predicateType"] == "urn:strigil:audit:1"
    (signed.path / ATTESTATION).unlink()
    assert run(["verify", str(signed.path), "--key", str(keys[1])]) == 1
    assert open_release(signed.path) == signed
