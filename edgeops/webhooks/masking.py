"""What the event log keeps of a post's headers: enough to see what came, never what would let somebody post."""

from collections.abc import Mapping

MASK = "•••"
SECRET_PARTS = ("authorization", "cookie", "signature", "secret", "token", "hmac", "api-key", "apikey", "password")
MAX_HEADERS, MAX_LENGTH = 60, 500


def headers(given: Mapping[str, str], *, secret_header: object = None) -> dict[str, str]:
    """Names in lower case with their values; masked where the name, or the endpoint's scheme, says it is a secret."""
    kept = list(given.items())[:MAX_HEADERS]
    return {name: MASK if _is_secret(name) or name == secret_header else _printable(value) for name, value in kept}


def _is_secret(name: str) -> bool:
    return any(part in name for part in SECRET_PARTS)


def _printable(value: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:MAX_LENGTH])
