"""Whether what is stored can be read with the keys there are.

History is left out, as the bodies of posts: there may be much of it, and it goes by itself.
"""

from edgeops import secrets
from edgeops.notifications.encrypted import COLUMNS as OF_NOTIFICATIONS
from edgeops.rotation import Column
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks.encrypted import COLUMNS as OF_WEBHOOKS

# Every column that `edgeops.secrets` has encrypted; a test holds it against the models.
COLUMNS: tuple[Column, ...] = (*OF_NOTIFICATIONS, *OF_WEBHOOKS)
LASTING = tuple(column for column in COLUMNS if column.named_by)


def is_fit() -> bool:
    """Whether the keys read any secret at all, where there is one; if not, they are those of another deployment."""
    is_any = False
    for column in LASTING:
        for stored in column.filled.values_list(column.name, flat=True):
            if _is_readable(stored):
                return True
            is_any = True
    return not is_any


def unreadable() -> list[str]:
    """The secrets that no key reads, in words."""
    return [
        column.called(pk, names)
        for column in LASTING
        for stored, pk, *names in column.filled.values_list(column.name, "pk", *column.named_by)
        if not _is_readable(stored)
    ]


def _is_readable(stored: str) -> bool:
    try:
        secrets.decrypt(stored)
    except UnreadableSecretError:
        return False
    return True
