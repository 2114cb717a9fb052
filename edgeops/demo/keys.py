"""The demo's own secrets, kept in its state directory so that a second run can read what the first wrote."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


class KeysError(Exception):
    """The kept keys cannot be read; the message says which file and what to do."""


@dataclass(frozen=True)
class Keys:
    """What Django signs with, what secrets are encrypted with, and the password of the demo's people."""

    secret_key: str
    encryption_key: str
    password: str


def load_or_make(path: Path) -> Keys:
    """The keys kept at `path`, made at the first run; readable by their owner only."""
    if path.exists():
        return _load(path)
    keys = Keys(
        secret_key=secrets.token_urlsafe(64),
        encryption_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
        password=secrets.token_urlsafe(9),
    )
    _keep(path, keys)
    return keys


def _load(path: Path) -> Keys:
    try:
        return Keys(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise KeysError(
            f"{path} cannot be read ({error}). Without it the kept state is unreadable: "
            f"remove {path.parent} to start anew."
        ) from error


def _keep(path: Path, keys: Keys) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    # Never readable by others, not even for a moment.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(keys), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
