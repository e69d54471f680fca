"""The Hub's client, as commands use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strigil.cli.console import Output
    from strigil.stores.hub.package import Kind
    from strigil.stores.hub.repository import HubRepository


def open_repository(name: str, kind: Kind, output: Output) -> HubRepository:
    """A repository on the Hub; the client's own progress bars are for people only.

    The token comes from the environment or from the Hub's own login, and from nowhere else.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from strigil.stores.hub.repository import HubRepository

    if output.format != "human":
        disable_progress_bars()
    return HubRepository(HfApi(library_name="strigil"), name, kind)
