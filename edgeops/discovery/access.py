"""Whether an account's access allows what EdgeOps does with it, action by action, before anything depends on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from edgeops.aws import sts, trials
from edgeops.aws.errors import CredentialsError, DeniedError
from edgeops.aws.trials import Caller, Trial
from edgeops.discovery.gateways import GLOBAL_REGION, Gateways
from edgeops.discovery.survey import is_region_off, region_off
from edgeops.estate.document import AccountDoc

IDENTITY = "sts:GetCallerIdentity", "knowing which account the credentials are of"
INVALIDATING = "cloudfront:CreateInvalidation", "invalidating"
NOT_TRIED = "Not tried, since trying it would invalidate something."


class State(StrEnum):
    """What is known of an action."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """An action in a region, whether it is allowed, and in words what that comes from."""

    action: str
    needed_for: str
    region: str
    state: State
    message: str = ""

    def plain(self) -> dict[str, str]:
        """As it is stored."""
        return {
            "action": self.action,
            "needed_for": self.needed_for,
            "region": self.region,
            "state": self.state.value,
            "message": self.message,
        }


def checks(account: AccountDoc, aws: Gateways, *, distribution_id: str = "", now: datetime) -> list[dict[str, Any]]:
    """One check for each action and region; a distribution of the account makes those of CloudFront surer.

    Raises AwsError when AWS cannot be reached.
    """
    identity = _identity(account, aws)
    found = [identity, *_all(account, aws, identity, distribution_id, now)]
    return [one.plain() for one in found]


def _identity(account: AccountDoc, aws: Gateways) -> Check:
    """Whether the credentials are good, and of this account."""
    try:
        who = sts.identity(aws.meter_of(GLOBAL_REGION), aws.access)
    except (CredentialsError, DeniedError) as error:
        return Check(error.action, IDENTITY[1], GLOBAL_REGION, State.DENIED, str(error))
    if who.account_id == account.aws_account_id:
        return Check(*IDENTITY, GLOBAL_REGION, State.GRANTED, f"EdgeOps acts as {who.arn}.")
    words = (
        f"EdgeOps acts as {who.arn}, which is of the account {who.account_id} and not of {account.aws_account_id}. "
        "Correct the account's id or its role."
    )
    return Check(*IDENTITY, GLOBAL_REGION, State.DENIED, words)


def _all(account: AccountDoc, aws: Gateways, identity: Check, distribution_id: str, now: datetime) -> Iterator[Check]:
    asked = {GLOBAL_REGION: {one.action: one for one in trials.GLOBAL}}
    for region in (account.region, *account.other_regions):
        asked[region] = asked.get(region, {}) | {one.action: one for one in trials.REGIONAL}
    more = {"distribution_id": distribution_id} if distribution_id else {}
    for region, by_action in asked.items():
        wanted = list(by_action.values())
        if identity.state != State.GRANTED:
            words = "Not tried: the credentials are not good for this account."
            yield from (Check(one.action, one.needed_for, region, State.UNKNOWN, words) for one in wanted)
            continue
        caller = Caller(region, account.aws_account_id, aws.meter_of(region), aws.access, now, **more)
        yield from _in_region(wanted, caller)
    yield Check(*INVALIDATING, GLOBAL_REGION, State.UNKNOWN, NOT_TRIED)


def _in_region(wanted: Sequence[Trial], caller: Caller) -> Iterator[Check]:
    """Every trial of a region; one that is not enabled refuses them all alike, so the first is enough."""
    off = ""
    for trial in wanted:
        refused = None if off else trials.refusal(trial, caller)
        if refused is not None and is_region_off(refused, caller.region):
            off = region_off(caller.region, refused)
        state = State.DENIED if isinstance(refused, DeniedError) else State.UNKNOWN
        if refused is None and not off:
            state = State.GRANTED
        yield Check(trial.action, trial.needed_for, caller.region, state, off or str(refused or ""))
