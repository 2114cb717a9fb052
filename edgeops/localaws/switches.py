"""What people switch at one API's edge and origin while the simulation runs.

    pop               the point of presence its viewers reach, each with a cache of its own
    waf_blocks        viewers whose User-Agent contains this text are turned away by the web ACL
    cache_tag_header  the header its CacheTagConfig names; empty for none
    query_strings     `all` are in the cache key, or `none`
    origin_frozen     the origin takes changes in and goes on showing what was before, until it thaws

None leaves each as the world has it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from edgeops.localaws.world import Api

POPS = ("DUB56-P1", "FRA56-P3", "IAD89-C1", "SIN2-P1")
QUERY_STRINGS = ("all", "none")


class SwitchError(ValueError):
    """A switch that cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches of the API of a slug."""

    api: str
    pop: str | None = None
    waf_blocks: str | None = None
    cache_tag_header: str | None = None
    query_strings: str | None = None
    origin_frozen: bool | None = None

    def __post_init__(self) -> None:
        for name, known in (("pop", POPS), ("query_strings", QUERY_STRINGS)):
            value = getattr(self, name)
            if value is not None and value not in known:
                raise SwitchError(f"{name} must be one of {', '.join(known)}")
        if self.waf_blocks == "":
            raise SwitchError("waf_blocks must name what a User-Agent contains; null blocks nobody")

    def turns_away(self, user_agent: str) -> bool:
        """Whether the web ACL blocks a viewer."""
        return self.waf_blocks is not None and self.waf_blocks.lower() in user_agent.lower()

    def switched(self, api: Api) -> Api:
        """The API as its distribution is set up now."""
        chosen = {name: getattr(self, name) for name in ("cache_tag_header", "query_strings")}
        changes = {name: value for name, value in chosen.items() if value is not None}
        return replace(api, distribution=replace(api.distribution, **changes)) if changes else api


def changed(switches: Switches, wanted: Mapping[str, Any]) -> Switches:
    """The switches with some of them changed; raises SwitchError naming what cannot be."""
    kinds = {field.name: bool if field.name == "origin_frozen" else str for field in fields(Switches)}
    for name, value in wanted.items():
        if name not in kinds:
            raise SwitchError(f"{name!r} is not a switch; known are {', '.join(kinds)}")
        if value is not None and not isinstance(value, kinds[name]):
            raise SwitchError(f"{name} must be {'true or false' if kinds[name] is bool else 'a text'}, or null")
    return Switches(**{**asdict(switches), **wanted})
