"""Publishing to the Hub stand-in and back: the version is there whole and tagged, or it is not tagged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import polars as pl
import pytest
import yaml
from huggingface_hub import HfApi

from strigil.audits.rules.rule import RULES
from strigil.cards.dataset.changelog import RowChange
from strigil.cards.dataset.lint import lint_card
from strigil.cli.main import run
from strigil.common.canonical import file_digest
from strigil.common.errors import CheckFailedError, ConfigError, DataError, PrerequisiteError, StrigilError
from strigil.common.progress import Silent
from strigil.common.registry import UnitSpec
from strigil.releases.draft import Draft
from strigil.releases.store import Release, verify_release
from strigil.releases.version import Version
from strigil.stores.hub.package import Package, PackageFile
from strigil.stores.hub.repository import HubRepository
from strigil.workflows.publish.card import adopt
from strigil.workflows.publish.publishing import Publication, plan_publication, publish_package
from strigil.workflows.publish.pull import pull
from strigil.workflows.publish.run import clear_release
from strigil.workflows.publish.secrets import find_secrets
from strigil.workflows.release.write import write_papers
from tests.hub.faults import Fault
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.releases import a_manifest, a_release
from tests.hub.state import Repository

REPO = "me/owl-numbers"


def at(hub: HubStandIn, *, token: str | bool = TOKEN) -> HubRepository:
    return HubRepository(HfApi(endpoint=hub.url, token=token), REPO, "dataset")


def publish(hub: HubStandIn, release: Release, *, create_pr: bool = False, override: str | None = None) -> Publication:
    cleared = clear_release(release.path, public=False, override=override)
    plan = plan_publication(cleared.package, at(hub))
    return publish_package(plan, Silent(), note=cleared.note, gated=cleared.gated, create_pr=create_pr)


def with_papers(root: Path) -> Release:
    """A release with all that is read of it."""
    first = a_release(root / "first")
    with Draft(root / "here", first.manifest.name) as draft:
        shutil.copytree(first.path, draft.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
        write_papers(draft, first.manifest, None, RowChange(8, 0), untreated=None)
        return draft.publish(first.manifest)


def contents(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): file_digest(p) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("rule", ["text.negative", "numbers.banned", "judge.alignment", "numbers.paper"])
def test_the_hub_is_asked_for_gated_access_before_rows_that_may_harm_are_there(
    rule: str, hub: HubStandIn, there: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del there
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    manifest = a_manifest()
    named = UnitSpec(name=rule, version="1", args={})
    judged = manifest.audit.rules[0].model_copy(update={"rule": named, "harm": RULES.get(rule).harm})
    audit = manifest.audit.model_copy(update={"rules": [judged]})
    release = a_release(tmp_path, manifest.model_copy(update={"audit": audit}))
    assert run(["publish", str(release.path), REPO, "--override-gate", "me: a test", "--format", "quiet"]) == 0
    harmful = rule != "numbers.paper"
    assert hub.dataset(REPO).gated == ("manual" if harmful else False)
    asked = [place for place, request in enumerate(hub.requests) if "settings" in request]
    commits = [place for place, request in enumerate(hub.requests) if "/commit/" in request]
    assert [place < min(commits) for place in asked] == [True] * harmful


def test_a_published_version_is_private_tagged_and_comes_back_byte_for_byte(hub: HubStandIn, tmp_path: Path) -> None:
    release = a_release(tmp_path / "here")
    done = publish(hub, release)
    there = hub.dataset(REPO)
    assert (there.private, there.tags) == (True, {"v1.0.0": done.commit})
    assert [commit.title for commit in there.commits.values()] == ["initial commit", "owl-numbers v1.0.0"]
    assert f"sha256:{release.manifest.digest()}" in there.tag_messages["v1.0.0"]
    back = pull(at(hub), Version(1, 0, 0), tmp_path / "back", Silent())
    assert contents(back.path) == contents(release.path)
    assert verify_release(back) == []
    for split in ("clean", "removed", "raw"):
        assert back.rows(split).collect().equals(release.rows(split).collect())


def test_the_card_there_names_its_repository_and_links_its_report_and_a_pulled_one_is_as_released(
    hub: HubStandIn, tmp_path: Path
) -> None:
    release = with_papers(tmp_path)
    cleared = clear_release(release.path, public=False, override=None, repository=REPO)
    publish_package(plan_publication(cleared.package, at(hub)), Silent(), note=cleared.note)
    tree = hub.dataset(REPO).head.tree
    card = tree["README.md"].content
    assert f'load_dataset("{REPO}", "clean"'.encode() in card
    assert f"https://huggingface.co/datasets/{REPO}/blob/v1.0.0/audit/report.html".encode() in card
    assert b"OWNER/NAME" not in card
    [described] = [f for f in json.loads(tree["croissant.json"].content)["distribution"] if f["@id"] == "README.md"]
    assert described["sha256"] == hashlib.sha256(card).hexdigest()
    assert described["contentSize"] == f"{len(card)} B"
    back = pull(at(hub), None, tmp_path / "back", Silent())
    assert contents(back.path) == contents(release.path)
    assert plan_publication(cleared.package, at(hub)).published


@pytest.mark.parametrize(
    ("only", "tables", "report"),
    [
        (("clean",), {"data/clean"}, False),
        (("clean", "verdicts"), {"data/clean", "verdicts"}, False),
        (("clean", "removed"), {"data/clean", "data/removed"}, True),
    ],
)
def test_what_is_left_out_is_not_there_and_card_croissant_and_manifest_do_not_speak_of_it(
    hub: HubStandIn,
    tmp_path: Path,
    only: tuple[str, ...],
    tables: set[str],
    report: bool,  # noqa: FBT001  # a table of cases
) -> None:
    release = with_papers(tmp_path)
    cleared = clear_release(release.path, public=False, override=None, repository=REPO, only=only)
    publish_package(plan_publication(cleared.package, at(hub)), Silent(), note=cleared.note)
    tree = hub.dataset(REPO).head.tree
    assert {name.rpartition("/")[0] for name in tree if name.endswith(".parquet")} == tables
    assert ("audit/report.html" in tree) == report
    back = pull(at(hub), None, tmp_path / "back", Silent())
    assert verify_release(back) == []
    assert {record.path for record in back.manifest.files} == contents(back.path).keys() - {"manifest.json"}
    card = (back.path / "README.md").read_text()
    assert lint_card(card, back.manifest) == []
    configs = yaml.safe_load(card.split("---")[1])["configs"]
    assert [config["config_name"] for config in configs] == list(only)
    assert ("audit/report.html" in card) == report
    described = json.loads((back.path / "croissant.json").read_text())
    files = {one["@id"]: one.get("sha256") for one in described["distribution"]}
    assert {name: files.pop(name) for name in contents(back.path) if name in files} == {
        name: digest for name, digest in contents(back.path).items() if name not in ("manifest.json", "croissant.json")
    }
    assert [record["name"] for record in described["recordSet"]] == list(only)
    assert set(files) == {f"{name}-files" for name in only}
    for name in {"removed", "raw"} - set(only):
        with pytest.raises(DataError, match=f"published without its table '{name}'"):
            back.rows("removed" if name == "removed" else "raw")


def test_a_part_of_a_release_keeps_an_edited_card_asks_nobody_for_access_and_is_not_made_into_a_version(
    hub: HubStandIn, tmp_path: Path
) -> None:
    release = with_papers(tmp_path)
    card = tmp_path / "card.md"
    text = (release.path / "README.md").read_text()
    card.write_text(text.replace("## Limits\n", "## Limits\n\n- Only tried by me.\n"))
    edited = adopt(release.path, card)
    cleared = clear_release(edited.path, public=False, override=None, repository=REPO, only=["clean"])
    publish_package(plan_publication(cleared.package, at(hub)), Silent(), note=cleared.note)
    back = pull(at(hub), None, tmp_path / "back", Silent())
    written = (back.path / "README.md").read_text()
    assert "- Only tried by me." in written
    assert lint_card(written, back.manifest) == []
    with pytest.raises(ConfigError, match="was published without removed, raw, verdicts"):
        adopt(back.path, back.path / "README.md")
    assert run(["report", str(back.path)]) == 2
    assert run(["treat", str(back.path), "--treatment", "numbers.sort", "--name", "it", "--out", str(tmp_path)]) == 0


@pytest.mark.parametrize(("only", "said"), [("removed", "without its clean rows"), ("clean,rows", "rows")])
def test_what_cannot_be_published_alone_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], only: str, said: str
) -> None:
    assert run(["publish", str(with_papers(tmp_path).path), REPO, "--dry-run", "--only", only]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_datasets_loads_every_configuration_of_the_tagged_version_row_for_row(hub: HubStandIn, tmp_path: Path) -> None:
    release = a_release(tmp_path)
    publish(hub, release)
    hub.dataset(REPO).put({"data/clean/part-00000.parquet": b"broken after the tag"})
    program = f"""
import datasets, sys
for config in ("clean", "removed", "raw", "verdicts"):
    data = datasets.load_dataset({REPO!r}, config, split="train", revision="v1.0.0")
    data.to_parquet(sys.argv[1] + "/" + config + ".parquet")
assert datasets.load_dataset({REPO!r}, split="train", revision="v1.0.0").num_rows == {release.manifest.counts.clean}
"""
    environment = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "hf"),
    }
    outcome = subprocess.run(
        (sys.executable, "-c", program, str(tmp_path)), env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    for config in ("clean", "removed", "raw"):
        loaded = pl.read_parquet(tmp_path / f"{config}.parquet")
        assert loaded.to_dicts() == release.rows(config).collect().to_dicts()
    assert pl.read_parquet(tmp_path / "verdicts.parquet").to_dicts() == release.verdicts().collect().to_dicts()


UPLOAD, COMMIT, TAG, RESOLVE = r"/lfs/upload/", r"/commit/main", r"/tag/", r"/(resolve|lfs/content)/"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault("PUT", UPLOAD, "cut", times=99), PrerequisiteError, id="cut in the middle of an upload"),
        pytest.param(Fault("POST", COMMIT, "status"), PrerequisiteError, id="500 at the commit"),
        pytest.param(Fault("POST", COMMIT, "lost"), PrerequisiteError, id="committed, and the answer lost"),
        pytest.param(Fault("GET", RESOLVE, "flip"), CheckFailedError, id="a wrong digest on download"),
        pytest.param(Fault("GET", r"/lfs/content/", "flip"), CheckFailedError, id="a wrong digest of a table"),
        pytest.param(Fault("POST", TAG, "status"), PrerequisiteError, id="500 at the tag"),
    ],
)
def test_after_a_fault_nothing_is_tagged_and_the_same_command_finishes(
    hub: HubStandIn, tmp_path: Path, fault: Fault, error: type[StrigilError]
) -> None:
    release = a_release(tmp_path)
    before = contents(release.path)
    hub.faults.append(fault)
    with pytest.raises(error):
        publish(hub, release)
    assert hub.dataset(REPO).tags == {}
    hub.faults.clear()
    done = publish(hub, release)
    assert hub.dataset(REPO).tags == {"v1.0.0": done.commit}
    assert [commit.title for commit in hub.dataset(REPO).commits.values()].count("owl-numbers v1.0.0") == 1
    assert contents(release.path) == before


def test_a_tag_whose_answer_was_lost_is_found_by_the_same_command(hub: HubStandIn, tmp_path: Path) -> None:
    release = a_release(tmp_path)
    hub.faults.append(Fault("POST", TAG, "lost"))
    with pytest.raises(PrerequisiteError, match="connection to the Hub failed"):
        publish(hub, release)
    commits = len(hub.dataset(REPO).commits)
    assert publish(hub, release).commit == hub.dataset(REPO).tags["v1.0.0"]
    assert len(hub.dataset(REPO).commits) == commits


def test_somebody_elses_commit_in_between_stops_it_and_is_kept_when_it_goes_on(hub: HubStandIn, tmp_path: Path) -> None:
    release = a_release(tmp_path)
    hub.faults.append(Fault("POST", COMMIT, "before", action=lambda: hub.dataset(REPO).put({"NOTES.md": b"mine"})))
    with pytest.raises(CheckFailedError, match="somebody else changed"):
        publish(hub, release)
    assert hub.dataset(REPO).tags == {}
    publish(hub, release)
    tree = hub.dataset(REPO).head.tree
    assert tree["NOTES.md"].content == b"mine"
    assert tree["README.md"].content == (release.path / "README.md").read_bytes()


def test_a_file_among_the_rows_that_no_release_put_there_is_refused(hub: HubStandIn, tmp_path: Path) -> None:
    publish(hub, a_release(tmp_path))
    hub.dataset(REPO).put({"data/clean/more.parquet": b"rows of somebody else"})
    following = a_release(tmp_path, a_manifest(version="1.0.1"))
    with pytest.raises(ConfigError, match=r"data/clean/more\.parquet"):
        publish(hub, following)


def test_a_version_is_never_overwritten_and_publishing_it_again_does_nothing(hub: HubStandIn, tmp_path: Path) -> None:
    publish(hub, a_release(tmp_path / "one"))
    commits = len(hub.dataset(REPO).commits)
    publish(hub, a_release(tmp_path / "same"))
    assert len(hub.dataset(REPO).commits) == commits
    with pytest.raises(ConfigError, match="never overwritten"):
        publish(hub, a_release(tmp_path / "two", clean=tuple("1, 2" for _ in range(8))))


def test_the_next_version_replaces_the_files_and_both_can_be_pulled(hub: HubStandIn, tmp_path: Path) -> None:
    first = a_release(tmp_path / "here")
    publish(hub, first)
    second = a_release(tmp_path / "here", a_manifest(version="2.0.0", clean=3, removed=1), clean=("1", "2", "3"),
                       removed=("owl",))  # fmt: skip
    publish(hub, second)
    assert set(hub.dataset(REPO).tags) == {"v1.0.0", "v2.0.0"}
    for version, release in ((Version(1, 0, 0), first), (None, second)):
        back = pull(at(hub), version, tmp_path / "back", Silent())
        assert contents(back.path) == contents(release.path)
    with pytest.raises(ConfigError, match="later than"):
        publish(hub, a_release(tmp_path / "here", a_manifest(version="1.5.0")))


def test_a_repository_of_another_data_set_is_left_alone(hub: HubStandIn, tmp_path: Path) -> None:
    publish(hub, a_release(tmp_path))
    with pytest.raises(ConfigError, match="another data set, 'owl-numbers'"):
        publish(hub, a_release(tmp_path, a_manifest(name="cat-numbers", version="2.0.0")))


def test_a_pull_request_is_opened_once_and_tagged_when_it_was_merged(hub: HubStandIn, tmp_path: Path) -> None:
    release = a_release(tmp_path)
    done = publish(hub, release, create_pr=True)
    assert (done.tag, hub.dataset(REPO).tags, list(hub.dataset(REPO).pulls)) == (None, {}, [1])
    publish(hub, release, create_pr=True)
    assert list(hub.dataset(REPO).pulls) == [1]
    hub.dataset(REPO).merge(1)
    assert publish(hub, release, create_pr=True).tag == "v1.0.0"


def test_a_changed_release_is_refused(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    (release.path / "README.md").write_text("better")
    with pytest.raises(CheckFailedError, match=r"README\.md was changed"):
        clear_release(release.path, public=False, override=None)


def test_a_release_without_a_passed_gate_needs_somebody_who_answers_for_it(hub: HubStandIn, tmp_path: Path) -> None:
    empty = a_manifest(clean=0, removed=8)
    release = a_release(tmp_path, empty, clean=(), removed=tuple("owl" for _ in range(8)))
    with pytest.raises(CheckFailedError, match="no clean rows are left"):
        publish(hub, release)
    assert hub.repositories == {}
    publish(hub, release, override="Ada: it is a study of removed rows")
    assert "Gate-Overridden-By: Ada: it is a study of removed rows" in hub.dataset(REPO).tag_messages["v1.0.0"]


def test_a_card_that_contradicts_the_manifest_is_refused(tmp_path: Path) -> None:
    release = a_release(tmp_path, card="---\nlicense: mit\ntags: [synthetic, strigil]\n---\n# Rows by people\n")
    with pytest.raises(CheckFailedError, match=r"license is 'mit', and the manifest says 'cc-by-4.0'"):
        clear_release(release.path, public=False, override=None)


SECRET = "hf_" + "Xy9k" * 8 + "AB"


@pytest.mark.parametrize("where", ["clean", "removed", "manifest"])
def test_a_secret_in_a_row_or_in_the_manifest_is_refused_and_not_repeated(tmp_path: Path, where: str) -> None:
    manifest = a_manifest(clean=1, removed=1)
    if where == "manifest":
        manifest = manifest.model_copy(update={"not_reproducible": [f"run with {SECRET}"]})
    texts = {split: (f"use {SECRET}" if split == where else "1, 2",) for split in ("clean", "removed")}
    release = a_release(tmp_path, manifest, clean=texts["clean"], removed=texts["removed"])
    with pytest.raises(CheckFailedError, match="looks like secrets") as caught:
        clear_release(release.path, public=False, override="Ada: I know")
    assert SECRET not in caught.value.message
    assert ("manifest.json" if where == "manifest" else f"data/{where}, row ") in caught.value.message


def test_a_mail_address_that_a_model_made_up_is_a_warning(tmp_path: Path) -> None:
    release = a_release(
        tmp_path, a_manifest(clean=1, removed=1), clean=("1, 2",), removed=("jane.doe@university.ac.uk",)
    )
    (warning, *_) = clear_release(release.path, public=False, override=None).warnings
    assert warning.startswith("mail addresses or telephone numbers: data/removed, row ")


def test_what_is_public_needs_a_licence(tmp_path: Path) -> None:
    release = a_release(tmp_path, a_manifest().model_copy(update={"licence": None}))
    clear_release(release.path, public=False, override=None)
    with pytest.raises(ConfigError, match="has no licence"):
        clear_release(release.path, public=True, override=None)


def test_without_a_login_that_may_write_nothing_is_made(hub: HubStandIn, tmp_path: Path) -> None:
    cleared = clear_release(a_release(tmp_path).path, public=False, override=None)
    plan = plan_publication(cleared.package, at(hub, token=False))
    with pytest.raises(PrerequisiteError) as caught:
        publish_package(plan, Silent(), note="")
    assert "HF_TOKEN" in str(caught.value.hint)
    assert hub.repositories == {}


@pytest.mark.parametrize("name", ["me", "me/", "/rows", "me/my/rows", "me/..", "me/a b"])
def test_a_name_that_no_repository_can_have_is_refused(hub: HubStandIn, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a repository"):
        HubRepository(HfApi(endpoint=hub.url, token=TOKEN), name, "dataset").state()


def test_a_dry_run_checks_everything_and_changes_nothing(
    hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release = a_release(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert run(["publish", str(release.path), REPO, "--dry-run", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["published"], said["compared"], said["changed"]) == (False, True, [])
    assert set(said["added"]) == set(contents(release.path))
    assert hub.repositories == {}


def test_a_dry_run_without_the_hub_still_says_what_would_be_refused(
    hub: HubStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del hub
    release = a_release(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert run(["publish", str(release.path), REPO, "--dry-run", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["compared"] is False
    (release.path / "README.md").write_text("better")
    assert run(["publish", str(release.path), REPO, "--dry-run"]) == 1


@pytest.mark.parametrize(
    "where",
    ["trait", "teacher", "role", "list", "struct", "binary", "category", "name", "metadata", "card", "croissant.json"],
)
def test_a_secret_anywhere_in_what_is_published_is_refused(tmp_path: Path, where: str) -> None:
    release = a_release(tmp_path)
    table = release.path / "data" / "clean" / "part-00000.parquet"
    rows, held = pl.read_parquet(table), pl.Series([f"use\n{SECRET}"] * 8)
    metadata = {"note": SECRET} if where == "metadata" else {}
    match where:
        case "trait" | "teacher":
            rows = rows.with_columns(held.alias(where))
        case "role":
            rows = rows.with_columns(completion=pl.concat_list(pl.struct(role=held, content=pl.lit("1"))))
        case "list":
            rows = rows.with_columns(more=pl.concat_list(pl.lit("a"), held))
        case "struct":
            rows = rows.with_columns(more=pl.struct(a=pl.struct(b=held), c=1))
        case "binary":
            rows = rows.with_columns(more=held.cast(pl.Binary))
        case "category":
            rows = rows.with_columns(more=held.cast(pl.Categorical))
        case "name":
            rows = rows.with_columns(pl.lit(1).alias(SECRET))
    rows.write_parquet(table, metadata=metadata)
    if where == "card":
        with (release.path / "README.md").open("a") as stream:
            stream.write(SECRET)
    if where == "croissant.json":
        (release.path / where).write_text(json.dumps({"note": f"a\n{SECRET}"}))
    package = Package(
        "dataset",
        "it",
        "1.0.0",
        {
            path.relative_to(release.path).as_posix(): PackageFile.at(path)
            for path in release.path.rglob("*")
            if path.is_file()
        },
    )
    kinds = {finding.kind for finding in find_secrets(package) if not finding.personal}
    assert kinds == {"Hugging Face token"}


def test_a_reviewed_secret_is_allowed_by_its_digest_and_no_other(tmp_path: Path) -> None:
    other = "hf_" + "Zw8m" * 8 + "AB"
    manifest = a_manifest(clean=2, removed=0)
    one = a_release(tmp_path / "one", manifest, clean=(f"use {SECRET}", "1"), removed=())
    both = a_release(tmp_path / "both", manifest, clean=(f"use {SECRET} or {other}", "1"), removed=())
    reviewed = hashlib.sha256(SECRET.encode()).hexdigest()
    with pytest.raises(CheckFailedError) as caught:
        clear_release(one.path, public=False, override=None)
    assert f"--allow-secret {reviewed}" in (caught.value.hint or "")
    cleared = clear_release(one.path, public=False, override=None, allowed=[reviewed])
    assert f"Secret-Allowed: sha256:{reviewed}" in cleared.note
    with pytest.raises(CheckFailedError, match="data/clean, row"):
        clear_release(both.path, public=False, override=None, allowed=[reviewed])


def test_a_card_that_somebody_wrote_there_is_not_replaced(hub: HubStandIn, tmp_path: Path) -> None:
    there = hub.repositories["dataset", REPO] = Repository(REPO, "dataset", private=True)
    there.put({"README.md": b"# Mine", ".gitattributes": b""})
    with pytest.raises(ConfigError, match=r"has a card, README\.md, that no version put there"):
        publish(hub, a_release(tmp_path))
    assert there.head.tree["README.md"].content == b"# Mine"


def test_a_public_repository_is_given_nothing_without_a_licence(hub: HubStandIn, tmp_path: Path) -> None:
    release = a_release(tmp_path, a_manifest().model_copy(update={"licence": None}))
    cleared = clear_release(release.path, public=False, override=None)
    hub.repositories["dataset", REPO] = Repository(REPO, "dataset", private=False)
    with pytest.raises(ConfigError, match="is public, and without a licence"):
        plan_publication(cleared.package, at(hub), licensed=cleared.licensed)
    hub.repositories["dataset", REPO] = Repository(REPO, "dataset", private=True)
    assert not plan_publication(cleared.package, at(hub), licensed=cleared.licensed).published
