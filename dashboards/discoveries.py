"""What a page asks AWS through a worker, and how far that is."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from edgeops.discovery import running
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account, EdgeApi
from tasks.discovering import run_discovery
from tasks.publishing import publish

WAITING = (FetchState.PENDING, FetchState.RETRY)


@dataclass(frozen=True)
class Asked:
    """The newest question of a kind, and the newest that was answered; neither holds what was found."""

    last: Discovery | None
    answered: Discovery | None

    @property
    def is_waiting(self) -> bool:
        """Whether a worker has still to answer."""
        return self.last is not None and self.last.state in WAITING

    @property
    def marks(self) -> tuple[object, ...]:
        """All that can change in what a page says of it, for its ETag."""
        last, answered = self.last, self.answered
        return (last and (last.pk, last.state, last.attempts, last.last_error), answered and answered.pk)


def newest(account: Account, kind: DiscoveryKind) -> Asked:
    """What was asked of an account last. What was found may be large: it is read only where it is shown."""
    rows = Discovery.objects.filter(account=account, kind=kind, api=None).defer("result").order_by("-requested_at")
    return Asked(rows.first(), rows.filter(state=FetchState.DONE).first())


def result_of(answered: Discovery) -> dict[str, Any]:
    """What was found; LookupError when it is gone meanwhile, with its account."""
    result = Discovery.objects.filter(pk=answered.pk).values_list("result", flat=True).first()
    if result is None:
        raise LookupError(f"{answered} has no result.")
    return dict(result)


def ask(
    request: HttpRequest, account: Account, kind: DiscoveryKind, subject: str = "", *, api: EdgeApi | None = None
) -> Discovery:
    """Hand a question to a worker; asked twice while it waits, it is the same one."""
    name = request.user.get_username()
    asked = running.ask(account, kind, subject, requested_by=name, now=timezone.now(), api=api)
    publish(run_discovery, asked.pk)
    return asked
