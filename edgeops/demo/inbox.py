"""What the receivers received, one JSON file a message, newest first; the page only reads it."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

# A demo left running over a weekend must not fill the disk.
KEPT_MESSAGES = 200


@dataclass(frozen=True)
class Message:
    """A mail or a webhook as it arrived: headers in their order, body as text."""

    kind: Literal["email", "webhook"]
    received_at: str
    headers: tuple[tuple[str, str], ...]
    body: str
    target: str

    def header(self, name: str) -> str:
        """The first header of that name, whatever its case; empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def at(self) -> datetime:
        """When it arrived."""
        return datetime.fromisoformat(self.received_at)


def keep(directory: Path, message: Message) -> Path:
    """Store a message so that a reader sees all of it or nothing; drops the oldest beyond the limit."""
    directory.mkdir(parents=True, exist_ok=True)
    name = f"{message.received_at.replace(':', '')}-{secrets.token_hex(3)}.json"
    draft = directory / f"{name}.new"
    draft.write_text(json.dumps(asdict(message)))
    draft.replace(directory / name)
    for oldest in _files(directory)[KEPT_MESSAGES:]:
        oldest.unlink(missing_ok=True)
    return directory / name


def newest(directory: Path, *, limit: int = KEPT_MESSAGES) -> list[Message]:
    """The newest messages, newest first."""
    return list(_read(_files(directory)[:limit]))


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.json"), reverse=True)


def _read(files: list[Path]) -> Iterator[Message]:
    for file in files:
        try:
            found = json.loads(file.read_text())
        except FileNotFoundError:  # dropped as the oldest since we listed it
            continue
        yield Message(**{**found, "headers": tuple((name, value) for name, value in found["headers"])})
