"""Secrets at rest: encrypted with the first key of EDGEOPS_ENCRYPTION_KEYS, readable with any of them.

To rotate, put a new key first, re-save what is encrypted, then drop the old key.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableSecretError(Exception):
    """A stored secret was encrypted with a key that EDGEOPS_ENCRYPTION_KEYS no longer holds."""


def encrypt(secret: str) -> str:
    """Encrypt a text for storage."""
    return _box().encrypt(secret.encode()).decode()


def decrypt(stored: str) -> str:
    """Read a stored secret back; raises UnreadableSecretError when no current key fits."""
    try:
        return _box().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecretError(
            "A stored secret cannot be read: the key it was encrypted with is not in EDGEOPS_ENCRYPTION_KEYS. "
            "Add that key at the end of the list, or enter the secret again."
        ) from error


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
