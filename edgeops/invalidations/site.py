"""What of a distribution decides whether an item is right: its names, and whether it knows cache tags."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from edgeops.invalidations.item_errors import ItemError

PORTS = {None, 80, 443}


@dataclass(frozen=True, slots=True)
class Site:
    """A distribution or a tenant as its items see it.

    `tag_header` is None until a worker has read it, and "" when there is none. Where it is not known which one is meant
    (`ANYWHERE`), tags are only read, and no URL is taken.
    """

    name: str = ""
    hosts: frozenset[str] = frozenset()
    tag_header: str | None = None
    tag_trouble: str = ""
    """Why it could not be read."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Host names of other distributions and tenants, and what those are."""

    def path_of(self, url: str) -> str:
        """The path of one of its own URLs, query string and all; ItemError for anybody else's."""
        parts = _split(url)
        path = _path(parts)
        if not self.name:
            raise ItemError(url, "CloudFront wants the path alone, without scheme and host.", path)
        host = (parts.hostname or "").rstrip(".")
        if _port(parts) in PORTS and not parts.username and self._is_own(host):
            return path
        if (other := self.elsewhere.get(host)) is not None:
            raise ItemError(url, f"{host} is a name of {other}: ask for it there.")
        names = ", ".join(sorted(self.hosts))
        raise ItemError(url, f"{parts.netloc} is not a name of {self.name}. Its names: {names}.")

    def check_tags(self, raw: str) -> None:
        """ItemError unless the distribution knows tags: CloudFront would take one, and match nothing by it."""
        if not self.name or self.tag_header:
            return
        if self.tag_header is None:
            raise ItemError(
                raw,
                f"EdgeOps does not know yet whether {self.name} has a cache-tag header; CloudFront is asked now. "
                f"Try again in a few seconds, or name the paths. {self.tag_trouble}".strip(),
            )
        raise ItemError(
            raw,
            f"{self.name} has no cache-tag header (CacheTagConfig), so CloudFront would take this tag and match "
            "nothing by it. Name the paths, or set the header up at the distribution and its origin first.",
        )

    def _is_own(self, host: str) -> bool:
        return host in self.hosts or f"*.{host.partition('.')[2]}" in self.hosts


ANYWHERE = Site()


def hosts(domain: str, aliases: Iterable[str]) -> frozenset[str]:
    """Every name a distribution answers to, as compared here."""
    return frozenset(name.lower().rstrip(".") for name in (domain, *aliases) if name)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # as http://[ is
        raise ItemError(url, "This is not a URL; name the path, without scheme and host.") from None


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:  # beyond 65535, or no number
        return 0
