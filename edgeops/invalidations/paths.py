"""Paths and wildcards in the one form in which they are sent.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
"""

import re
import unicodedata
from urllib.parse import quote, unquote

from edgeops.invalidations.item_errors import ItemError
from edgeops.invalidations.site import Site

MAX_LENGTH = 4_000
EVERYTHING = "/*"
# Characters outside ASCII, the space, and what RFC 1738 calls unsafe. Nothing else may be encoded.
ENCODED = re.compile(r'[^\x21-\x7e]|[<>"{}|^`\[\]]')
BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
TWICE = re.compile(r"%25[0-9A-Fa-f]{2}")
STAR = re.compile("%2a", re.IGNORECASE)
TILDE = re.compile(r"~|%7e", re.IGNORECASE)
SCHEME = re.compile(r"https?://", re.IGNORECASE)


def read(text: str, site: Site) -> tuple[str, list[str]]:
    """The path as it is sent, and what changed or should be known; raises ItemError."""
    path = text
    notes = []
    if SCHEME.match(text):
        if "#" in text:
            raise _fragment(text)
        path = site.path_of(text)
        notes.append("scheme and host left out")
    _refuse_foreign_shape(path)
    _refuse_unsendable(path)
    sent = ENCODED.sub(lambda match: quote(match[0]), path)
    if len(sent) > MAX_LENGTH:
        raise ItemError(text, f"It has {len(sent):,} characters as sent; CloudFront takes {MAX_LENGTH:,}.")
    return sent, notes + _notes(path, sent)


def _notes(path: str, sent: str) -> list[str]:
    notes = []
    if sent != path:
        notes.append("percent-encoded as CloudFront requires")
    if unicodedata.normalize("NFC", path) != path:
        notes.append("written with combining characters, which name another object than the composed ones")
    if TWICE.search(sent):
        notes.append("encoded twice: it names an object with a percent sign in its name")
    if "//" in sent.partition("?")[0]:
        notes.append("two slashes in a row name another object than one")
    return notes


def _refuse_foreign_shape(text: str) -> None:
    """What is not a path: a relative one, a fragment, one with segments that are resolved before CloudFront."""
    if not text.startswith("/"):
        raise ItemError(text, "A path starts with a slash.", "/" + text)
    if "\\" in text:
        raise ItemError(text, "It holds a backslash; paths are written with slashes.", text.replace("\\", "/"))
    if "#" in text:
        raise _fragment(text)
    if any(unquote(segment) in {".", ".."} for segment in text.partition("?")[0].split("/")):
        raise ItemError(text, "Segments `.` and `..` match nothing: CloudFront sees the path after they are resolved.")


def _refuse_unsendable(text: str) -> None:
    """What has a form that works, but a person should see it before it is sent."""
    if STAR.search(text):
        # Undocumented whether CloudFront reads it as a wildcard: it must not slip past the rules for those.
        raise ItemError(text, "An asterisk is written as itself, and works as the last character only.", _starred(text))
    if "*" in text[:-1]:
        raise ItemError(
            text,
            "A wildcard works as the last character only; elsewhere CloudFront would match nothing.",
            text[: text.index("*") + 1],
        )
    if TILDE.search(text):
        covering = TILDE.split(text)[0] + "*"
        if covering == EVERYTHING:
            raise ItemError(text, "CloudFront cannot invalidate `~`; only /* covers this, which empties everything.")
        raise ItemError(text, "CloudFront cannot invalidate a path with `~`; a wildcard can cover it.", covering)
    if BAD_PERCENT.search(text):
        raise ItemError(text, "A % must be followed by two hexadecimal digits.", BAD_PERCENT.sub("%25", text))


def _fragment(text: str) -> ItemError:
    return ItemError(text, "A fragment (#…) never reaches CloudFront; leave it out.", text.partition("#")[0])


def _starred(text: str) -> str:
    return STAR.split(text)[0] + "*"
