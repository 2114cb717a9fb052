"""What travels: one HTTP request, one HTTP response, the call it carries and the error it may end in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

type Params = dict[str, Any]
"""The parameters of an operation, or its result, in botocore's names and types."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request; header names are lower-case, path and query still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def from_target(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "HttpRequest":
        """Split a request target such as `/a/b?c=d`; an absolute URL works too."""
        parts = urlsplit(target)
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method, parts.path or "/", parts.query, lowered, body)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class AwsError(Exception):
    """An error as AWS would answer it: its code, HTTP status and message."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class HungUpError(Exception):
    """The connection ends without an answer."""
