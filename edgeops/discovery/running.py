"""Asking AWS what there is: a row says what is asked, a worker claims it, calls, and writes down what was found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from edgeops.aws.errors import AwsError, InvalidError, NotFoundError
from edgeops.discovery import access, deriving, listing, rediscovery
from edgeops.discovery.gateways import GLOBAL_REGION, Gateways
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.discovery.survey import OtherAccountError, Problem, Survey
from edgeops.estate import plain, snapshot
from edgeops.estate.document import ApiDoc
from edgeops.estate.fetches import MAX_ATTEMPTS, FetchState
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage, EdgeApi
from edgeops.estate.plain import DocumentError

SERVICE = "discovery"
UNKNOWN = "This EdgeOps cannot look for this. Upgrade its workers, then ask again."
ODD = "AWS describes something that EdgeOps cannot take over: {error} Add the API by hand or as YAML."


class UnknownKindError(Exception):
    """A question of a newer EdgeOps than this worker's."""


def ask(
    account: Account,
    kind: DiscoveryKind,
    subject: str,
    *,
    requested_by: str,
    now: datetime,
    api: EdgeApi | None = None,
) -> Discovery:
    """Write down what is asked, or find it asked already and not answered yet; a worker takes it from there.

    `api` is whose path is looked at anew.
    """
    waiting = Discovery.objects.filter(account=account, kind=kind, subject=subject, api=api, next_at__isnull=False)
    return waiting.order_by("requested_at").first() or Discovery.objects.create(
        account=account, kind=kind, subject=subject, api=api, requested_by=requested_by, requested_at=now, next_at=now
    )


def run(pk: UUID | str, *, now: datetime) -> bool:
    """Work one row; False when it is not ours to work or AWS did not answer, which the row then says."""
    asked = Discovery.begin(pk, now=now)
    if asked is None:
        return False
    try:
        found = _look(asked, now)
    except (NotFoundError, InvalidError, OtherAccountError, DocumentError, UnknownKindError) as error:
        return _fail(asked, error, now)
    except AwsError as error:
        asked.record_failure(error, account=asked.account, region=GLOBAL_REGION, service=SERVICE, now=now)
        return False
    return _end(asked, found, now)


@dataclass(frozen=True, slots=True)
class Found:
    """What a row's question is answered with; `path` where it was for one."""

    result: dict[str, Any]
    problems: list[Problem]
    path: ApiDoc | None = None


def _look(asked: Discovery, now: datetime) -> Found:
    account = asked.account
    aws = Gateways(lambda region: AwsUsage.meter(account, region, now), account.access)
    survey = Survey(snapshot.account_doc(account), aws, gives_up=asked.attempts >= MAX_ATTEMPTS)
    match asked.kind:
        case DiscoveryKind.DISTRIBUTIONS:
            return Found({"distributions": listing.listed(survey)}, survey.problems)
        case DiscoveryKind.PATH:
            taken = set(EdgeApi.objects.values_list("slug", flat=True))
            path = plain.check_api(deriving.derive(survey, asked.subject, taken=taken))
            return Found({"api": plain.api_to_plain(path), "notes": survey.notes}, survey.problems, path)
        case DiscoveryKind.ACCESS:
            known = account.distributions.values_list("aws_id", flat=True).first() or ""
            checks = access.checks(survey.account, aws, distribution_id=known, now=now)
            return Found({"checks": checks}, survey.problems)
    raise UnknownKindError(UNKNOWN)


def _end(asked: Discovery, found: Found, now: datetime) -> bool:
    """Write down what was found; a look at an operated path is compared with it in the same step."""
    done = {"state": FetchState.DONE, "finished_at": now, "last_error": ""}
    with transaction.atomic():
        if not asked.finish(next_at=None, result=found.result, problems=found.problems, **done):
            return False
        AccountHealth.note(asked.account, GLOBAL_REGION, SERVICE, AccessState.FRESH, now=now)
        if asked.api is not None and found.path is not None:
            rediscovery.conclude(asked, asked.api, found.path, now=now)
    return True


def _fail(asked: Discovery, error: Exception, now: datetime) -> bool:
    """End a row for a reason that says nothing of how AWS answers the account."""
    words = ODD.format(error=error) if isinstance(error, DocumentError) else str(error)
    with transaction.atomic():
        is_ours = asked.finish(next_at=None, state=FetchState.FAILED, finished_at=now, last_error=words)
        if is_ours and isinstance(error, NotFoundError):
            rediscovery.lose(asked, words, now=now)
    return False
