"""Finds the packages under the folders that pyproject.toml maps; all other metadata is there."""

import tomllib
from pathlib import Path

from setuptools import setup

ROOTS: dict[str, str] = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]


def packages_under(name: str, folder: str) -> list[str]:
    """Names every package in a folder."""
    inits = sorted(Path(folder).rglob("__init__.py"))
    return [".".join((name, *init.parent.relative_to(folder).parts)) for init in inits]


setup(packages=[package for name, folder in ROOTS.items() for package in packages_under(name, folder)])
