"""The demo's world: the file local AWS reads what exists from."""

from pathlib import Path

import yaml

WORLD = Path(__file__).with_name("estate.yaml")


def account_ids() -> list[str]:
    """The ids of all accounts of the file; any of them may be added to a demo by hand."""
    world = yaml.safe_load(WORLD.read_text(encoding="utf-8"))
    return [account["id"] for account in (world["account"], *world["accounts"])]
