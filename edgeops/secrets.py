"""Secrets at rest: encrypted with the first key of EDGEOPS_ENCRYPTION_KEYS, readable with any of them.

To rotate, put a new key first, have `manage.py rotate_secrets` encrypt everything anew, then drop the old key. Which
columns hold what is encrypted here, their nouns say (`encrypted.py` of each); `edgeops.keyring` knows them all.
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


def renew(stored: str) -> str:
    """The same secret encrypted with the first key: the very same text when it is already.

    Raises UnreadableSecretError.
    """
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(stored.encode())
    except InvalidToken:
        return encrypt(decrypt(stored))
    return stored


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
