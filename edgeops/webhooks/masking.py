"""What the event log keeps of a post's headers: enough to see what came, never what would let somebody post."""

from collections.abc import Collection, Mapping

MASK = "•••"
SECRET_PARTS = ("authorization", "cookie", "signature", "secret", "token", "hmac", "api-key", "apikey", "password")
MAX_HEADERS, MAX_LENGTH = 60, 500


def headers(given: Mapping[str, str], *, secret_header: object = None, secrets: Collection[str] = ()) -> dict[str, str]:
    """Names in lower case with their values; masked where the name or the endpoint's scheme says it is a secret.

    So is a value that holds one of the endpoint's own, whatever its header is called.
    """

    def is_secret(name: str, value: str) -> bool:
        return _is_secret(name) or name == secret_header or any(one and one in value for one in secrets)

    kept = list(given.items())[:MAX_HEADERS]
    return {name: MASK if is_secret(name, value) else _printable(value) for name, value in kept}


def _is_secret(name: str) -> bool:
    return any(part in name for part in SECRET_PARTS)


def _printable(value: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:MAX_LENGTH])
