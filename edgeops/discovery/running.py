"""Asking AWS what there is: a row says what is asked, a worker claims it, calls, and writes down what was found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from edgeops.aws.errors import AwsError, InvalidError, NotFoundError
from edgeops.discovery import access, deriving, listing
from edgeops.discovery.gateways import GLOBAL_REGION, Gateways
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.discovery.survey import OtherAccountError, Survey
from edgeops.estate import plain, snapshot
from edgeops.estate.fetches import MAX_ATTEMPTS, FetchState
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage, EdgeApi
from edgeops.estate.plain import DocumentError

SERVICE = "discovery"
UNKNOWN = "This EdgeOps cannot look for this. Upgrade its workers, then ask again."
ODD = "AWS describes something that EdgeOps cannot take over: {error} Add the API by hand or as YAML."


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
    discovery = Discovery.begin(pk, now=now)
    if discovery is None:
        return False
    account = discovery.account
    gateways = Gateways(lambda region: AwsUsage.meter(account, region, now), account.access)
    try:
        found = _look(discovery, gateways, now)
    except (NotFoundError, InvalidError, OtherAccountError, DocumentError) as error:
        return _fail(discovery, ODD.format(error=error) if isinstance(error, DocumentError) else str(error), now)
    except AwsError as error:
        discovery.record_failure(error, account=account, region=GLOBAL_REGION, service=SERVICE, now=now)
        return False
    if found is None:
        return _fail(discovery, UNKNOWN, now)
    with transaction.atomic():
        is_done = discovery.finish(next_at=None, state=FetchState.DONE, finished_at=now, last_error="", **found)
        if is_done:
            AccountHealth.note(account, GLOBAL_REGION, SERVICE, AccessState.FRESH, now=now)
    return is_done


def _look(discovery: Discovery, aws: Gateways, now: datetime) -> dict[str, Any] | None:
    """The fields of the row that say what was found; None for a kind nobody here knows."""
    survey = Survey(snapshot.account_doc(discovery.account), aws, gives_up=discovery.attempts >= MAX_ATTEMPTS)
    match discovery.kind:
        case DiscoveryKind.DISTRIBUTIONS:
            result: dict[str, Any] = {"distributions": listing.listed(survey)}
        case DiscoveryKind.PATH:
            result = _path(discovery, survey)
        case DiscoveryKind.ACCESS:
            known = discovery.account.distributions.values_list("aws_id", flat=True).first() or ""
            result = {"checks": access.checks(survey.account, aws, distribution_id=known, now=now)}
        case _:
            return None
    return {"result": result, "problems": survey.problems}


def _path(discovery: Discovery, survey: Survey) -> dict[str, Any]:
    taken = set(EdgeApi.objects.values_list("slug", flat=True))
    found = plain.check_api(deriving.derive(survey, discovery.subject, taken=taken))
    return {"api": plain.api_to_plain(found), "notes": survey.notes}


def _fail(discovery: Discovery, words: str, now: datetime) -> bool:
    """End a row for a reason that says nothing of how AWS answers the account."""
    discovery.finish(next_at=None, state=FetchState.FAILED, finished_at=now, last_error=words)
    return False
