"""Django's check that the keys fit what is stored. `migrate` runs it, and ends there when they do not."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 (Django's names)
from django.db import connection

from edgeops.keyring import reading

NO_KEY_FITS = Error(
    "EDGEOPS_ENCRYPTION_KEYS reads none of the secrets in this database: webhooks in and out would fail, and what is "
    "saved from now on could not be read with the right keys.",
    hint="Give the keys this database was used with. If they are lost for good, migrate with --skip-checks, then make "
    "new secrets: docs/operating.md, Rotating keys.",
    id="keyring.E001",
)


def keys_fit(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """An error when no secret can be read, a warning that names those which cannot."""
    if not databases or not settings.ENCRYPTION_KEYS or not _is_migrated():
        return []
    if not reading.is_fit():
        return [NO_KEY_FITS]
    return [
        Warning(
            f"No key of EDGEOPS_ENCRYPTION_KEYS reads the secret of: {name}.",
            hint="Add the key it was encrypted with at the end of the list, or make a new secret on its page.",
            id="keyring.W001",
        )
        for name in reading.unreadable()
    ]


def _is_migrated() -> bool:
    """Whether the tables are there; before the first migration they are not."""
    tables = {column.model._meta.db_table for column in reading.LASTING}  # noqa: SLF001 (Django's name for it)
    return tables <= set(connection.introspection.table_names())
