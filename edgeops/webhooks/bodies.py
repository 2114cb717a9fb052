"""Bodies at rest: bytes of any kind, encrypted."""

from edgeops import secrets


def seal(body: bytes) -> str:
    """A body for storage."""
    return secrets.encrypt(body.decode("latin-1"))


def unseal(stored: str) -> bytes:
    """The body as it came; raises secrets.UnreadableSecretError."""
    return secrets.decrypt(stored).encode("latin-1")
