"""Looks at the path of an operated API: when AWS was asked last, and what it shows otherwise."""

from dataclasses import dataclass

from dashboards import discoveries
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import EdgeApi


@dataclass(frozen=True)
class PathLook:
    """The newest look at a path, and the one that found it changed while nobody has decided on that."""

    last: Discovery | None
    undecided: Discovery | None

    @property
    def is_waiting(self) -> bool:
        """Whether a worker has still to look."""
        return self.last is not None and self.last.state in discoveries.WAITING

    @property
    def has_failed(self) -> bool:
        """Whether the newest look was given up."""
        return self.last is not None and self.last.state == FetchState.FAILED

    @property
    def marks(self) -> tuple[object, ...]:
        """All that can change in what a page says of it, for its ETag."""
        return (self.last and (self.last.pk, self.last.state), self.undecided and self.undecided.pk)


def of(api: EdgeApi) -> PathLook:
    """How looking at an API's path goes."""
    looks = Discovery.objects.filter(api=api, kind=DiscoveryKind.PATH).defer("result").order_by("-requested_at")
    return PathLook(looks.first(), Discovery.objects.undecided().filter(api=api).defer("result").first())
