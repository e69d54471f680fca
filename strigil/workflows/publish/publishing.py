"""From a package to a tagged version on the Hub: look, commit at once, read it all back, and only then tag.

Nothing is kept here between runs: every run looks at what the Hub holds and does what is left to do, so the same
command finishes a job that was cut off anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from strigil.common.canonical import file_digest
from strigil.common.errors import CheckFailedError, ConfigError, ManifestError, PrerequisiteError
from strigil.common.progress import Reporter
from strigil.common.scratch import scratch_folder
from strigil.releases.manifest import MANIFEST, Manifest, parse_manifest
from strigil.releases.named import CARD
from strigil.releases.version import Version
from strigil.stores.hub.package import Difference, Package, difference
from strigil.stores.hub.repository import HubRepository, RepositoryState


@dataclass(frozen=True)
class Plan:
    """What publishing a package to a repository would do.

    Attributes:
        state: What the repository holds; None if it does not exist, or was not looked at.
        unreachable: Why the Hub could not be asked, which only a dry run puts up with.
        published: Whether the version is there already, tagged, with exactly these files.
    """

    package: Package
    repository: HubRepository
    state: RepositoryState | None
    change: Difference
    published: bool
    unreachable: str | None = None


@dataclass(frozen=True)
class Publication:
    """The outcome; `tag` is None where a pull request waits to be merged first."""

    commit: str
    tag: str | None
    pull_request: str | None


def plan_publication(
    package: Package, repository: HubRepository, *, dry_run: bool = False, licensed: bool = True
) -> Plan:
    """Compares a package with what the Hub holds.

    Args:
        package: What is to be there.
        repository: Where.
        dry_run: Whether a Hub that cannot be reached is put up with.
        licensed: Whether everybody may be shown it.

    Raises:
        ConfigError: The version is on the Hub with other files, the repository holds a later version, a card that
            somebody wrote by hand or something else, files that no version put there lie in the package's folders, or
            the repository is public and what is to be published has no licence.
        PrerequisiteError: The Hub cannot be reached.
    """
    try:
        state = repository.state()
    except PrerequisiteError as error:
        if not dry_run:
            raise
        return Plan(package, repository, None, difference(package, {}, ()), published=False, unreachable=error.message)
    if state is None:
        return Plan(package, repository, None, difference(package, {}, ()), published=False)
    if not licensed and not state.private:
        message = f"{repository.id} is public, and without a licence nobody may use what is public"
        raise ConfigError(message, hint="make the repository private, or add licence: to the recipe and build again")
    tagged = state.tags.get(package.tag)
    if tagged is not None:
        change = difference(package, repository.files(tagged), ())
        if not change.empty:
            message = f"{repository.id} has a {package.tag} already, with other files: a version is never overwritten"
            raise ConfigError(message, hint=f"see them: strigil pull {repository.id}@{package.tag}")
        return Plan(package, repository, state, change, published=True)
    earlier = _earlier(package, repository, state)
    before = [record.path for record in earlier.files] if earlier is not None else []
    change = difference(package, state.files, before)
    if CARD in change.changed and not (package.files.keys() - {CARD}) & state.files.keys():
        message = f"{repository.id} has a card, {CARD}, that no version put there, and it would be replaced"
        raise ConfigError(message, hint="keep a copy, remove it there, then: strigil card adopt RELEASE COPY.md")
    if change.foreign:
        message = f"{repository.id} holds files that no release put there: {', '.join(change.foreign)}"
        raise ConfigError(message, hint="whoever loads the data set would read them: remove them first")
    return Plan(package, repository, state, change, published=False)


def _earlier(package: Package, repository: HubRepository, state: RepositoryState) -> Manifest | None:
    """The manifest of the version that the repository holds, if this package may follow it."""
    if package.kind == "model" or MANIFEST not in state.files:
        return None
    try:
        there = parse_manifest(repository.read(MANIFEST, revision=state.head), source=f"{repository.id}/{MANIFEST}")
    except ManifestError:
        # Somebody changed it by hand; it cannot say what belongs to it, and is replaced.
        return None
    if there.name != package.name:
        message = f"{repository.id} holds another data set, {there.name!r}"
        raise ConfigError(message, hint=f"publish {package.name!r} to a repository of its own")
    if Version.parse(there.version) > Version.parse(package.version):
        message = f"{repository.id} is at {there.version} already, which is later than {package.version}"
        raise ConfigError(message, hint="a version that came before can only be published before")
    return there


def publish_package(
    plan: Plan, reporter: Reporter, *, note: str, public: bool = False, gated: bool = False, create_pr: bool = False
) -> Publication:
    """Carries out a plan.

    Args:
        plan: From `plan_publication`.
        reporter: Told of the work.
        note: Goes into the commit and the tag.
        public: Makes a new repository public; one that exists is left as it is.
        gated: Lets readers in only after they asked.
        create_pr: Opens a pull request instead; once it is merged, the same command tags the version.

    Raises:
        CheckFailedError: Somebody else committed in between, or what the Hub gives back is not what was sent.
        PrerequisiteError: The Hub cannot be reached, or does not allow it.
    """
    package, repository, state = plan.package, plan.repository, plan.state
    if plan.published and state is not None:
        reporter.note(f"{repository.id} has {package.tag} already, with exactly these files: nothing to do")
        return Publication(state.tags[package.tag], package.tag, None)
    if state is None:
        repository.create(private=not public)
        state = repository.state()
    if state is None:
        message = f"{repository.id} was made, and is not to be seen with this login"
        raise PrerequisiteError(message, hint="hf auth login, with a token that may read it")
    if gated and not state.gated:
        repository.gate()
    change = difference(package, state.files, plan.change.deleted)
    commit, pull_request = state.head, None
    if not change.empty and create_pr:
        commit, pull_request = _pull_request(plan, state, change, note=note)
    elif not change.empty:
        with reporter.task(f"Uploading {len(change.added) + len(change.changed)} files", 1) as done:
            commit, _ = repository.commit(package, change, parent=state.head, description=note, create_pr=False)
            done(1)
    check_revision(package, repository, commit, reporter)
    if pull_request is not None:
        return Publication(commit, None, pull_request)
    repository.tag(package.tag, revision=commit, message=note)
    return Publication(commit, package.tag, None)


def _pull_request(plan: Plan, state: RepositoryState, change: Difference, *, note: str) -> tuple[str, str | None]:
    for name, commit in state.pulls.items():
        if difference(plan.package, plan.repository.files(commit), plan.change.deleted).empty:
            return commit, name
    return plan.repository.commit(plan.package, change, parent=state.head, description=note, create_pr=True)


def check_revision(package: Package, repository: HubRepository, revision: str, reporter: Reporter) -> None:
    """Downloads every file of a revision again and compares its SHA-256.

    Raises:
        CheckFailedError: A file is missing, is another one, or does not belong there.
    """
    listed = difference(package, repository.files(revision), ())
    wrong = [*listed.added, *listed.changed, *listed.foreign]
    with (
        scratch_folder() as folder,
        reporter.task(f"Reading {len(package.files)} files back", len(package.files)) as done,
    ):
        for count, (path, file) in enumerate(package.files.items() if not wrong else (), start=1):
            target = folder / "file"
            repository.download(path, revision=revision, target=target)
            if file_digest(target) != file.sha256:
                wrong.append(path)
            target.unlink()
            done(count)
    if wrong:
        message = f"{repository.id} does not give back what was published: {', '.join(wrong)}; it was not tagged"
        raise CheckFailedError(message, hint="run the same command again: it goes on from what is there")
