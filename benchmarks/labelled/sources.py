"""Files of public repositories at fixed commits, read with git out of clones."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from strigil.common.errors import PrerequisiteError

COMMITS: Final = {
    "MinhxLe/subliminal-learning": "db04f4150edf940559b5f3147f65d808e9313efd",
    "UniversalDependencies/UD_Chinese-PUD": "2849afd946a8c01b3e9acdf3e7afa8670cf2777d",
    "UniversalDependencies/UD_English-PUD": "f16eba4ae7f3d161870ed320676c5088b8fa476c",
    "UniversalDependencies/UD_German-PUD": "ff80846ae60a0a70fc4d6251ef73e6a483a620ee",
    "UniversalDependencies/UD_Spanish-PUD": "818a82b8628c9cbec78750c7e83ccba34b9ce22b",
    "arkilpatel/SVAMP": "689d7ccac74b9983a2ac7cc3b264f441b99e7c53",
    "johny-b/sa-oocr": "4a56ba3ff443911b7dbc53de0f32e0e662ea294a",
    "lm-sys/llm-decontaminator": "931834aa0990d9558a06c5d34daf4ad3852a72ae",
    "marcverhagen/semcor": "d2ff7867880029800c1524444533843510cd78a6",
    "microsoft/presidio-research": "7622dec1e5f7d25dc60b57c28c39f4c4af197018",
    "openai/grade-school-math": "3101c7d5072418e28b9008a6636bde82a006892c",
    "openai/human-eval": "6d43fb980f9fee3c892a914eda09951f772ad10d",
    "paul-rottger/hatecheck-data": "d84302298ceeb34f4b0dde2d8a1f4932c2caa612",
    "t-davidson/hate-speech-and-offensive-language": "cb50f7e9eb855a99abc51423bf40df0e26d6fe30",
    "tc39/test262-parser-tests": "0e808c74fbec780646434cad17bb22dc52461003",
    "trufflesecurity/trufflehog": "3ab759fef4bb5935d4fe9ac68b503d05346b8364",
}


@dataclass(frozen=True)
class Sources:
    """Clones in a folder, `owner+name`; what is not there is cloned from GitHub."""

    folder: Path

    def read(self, repository: str, path: str) -> bytes:
        """A file.

        Raises:
            PrerequisiteError: The repository, its commit or the file is neither here nor on GitHub.
        """
        return self._git(repository, "show", f"{COMMITS[repository]}:{path}")

    def text(self, repository: str, path: str) -> str:
        """A file of text; see `read`."""
        return self.read(repository, path).decode(errors="replace")

    def paths(self, repository: str, under: str) -> list[str]:
        """The files below a folder, in order; see `read`."""
        listing = self._git(repository, "ls-tree", "-r", "--name-only", COMMITS[repository], f"{under}/")
        return listing.decode().splitlines()

    def texts(self, repository: str, paths: list[str]) -> list[str]:
        """Many files of text, read by one process; see `read`."""
        asked = "".join(f"{COMMITS[repository]}:{path}\n" for path in paths)
        data = self._git(repository, "cat-file", "--batch", given=asked.encode())
        found = []
        for _ in paths:
            head, _, data = data.partition(b"\n")
            size = int(head.split()[2])
            found.append(data[:size].decode(errors="replace"))
            data = data[size + 1 :]
        return found

    def _git(self, repository: str, *command: str, given: bytes = b"") -> bytes:
        clone = self.folder / repository.replace("/", "+")
        if not clone.exists():
            address = f"https://github.com/{repository}"
            _run(("git", "clone", "--quiet", "--no-checkout", "--filter=blob:none", address, str(clone)))
        return _run(("git", "-C", str(clone), *command), given)


def _run(command: tuple[str, ...], given: bytes = b"") -> bytes:
    outcome = subprocess.run(command, input=given, capture_output=True, check=False)
    if outcome.returncode:
        lines = outcome.stderr.decode(errors="replace").strip().splitlines() or ["git gave no reason"]
        message = f"{' '.join(command[:4])}: {lines[-1]}"
        raise PrerequisiteError(message, hint="the sets are cloned from GitHub; look at the network")
    return outcome.stdout
