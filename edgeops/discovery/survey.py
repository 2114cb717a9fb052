"""One look at a request path: what was found so far, what could not be read, and what a person should know.

A part that cannot be read becomes a problem that names the missing IAM action; the rest is still looked for.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Self

from edgeops.aws.errors import AwsError, UnknownCredentialsError
from edgeops.discovery.gateways import GLOBAL_REGION, Gateways
from edgeops.estate.document import AccountDoc, HopDoc
from edgeops.estate.models import HopKind

DEEPEST = 6
"""Nothing sane stands further behind; a ring of APIs that call each other would."""


class OtherAccountError(Exception):
    """The credentials reach another account than the one they stand for, so that whatever they tell is not of it."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            f"EdgeOps' credentials for this account reach the account {found}, not {wanted}. Correct the account's id "
            "or its role."
        )


type Problem = dict[str, str]


@dataclass(slots=True)
class Survey:
    """What one look has found.

    `gives_up` is the last of several tries: what AWS does not answer for now becomes a problem as well. Before that it
    ends the look, which is taken again later.
    """

    account: AccountDoc
    aws: Gateways
    gives_up: bool = False
    found: dict[tuple[str, str], HopDoc] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def hops(self) -> list[HopDoc]:
        """What stands on the path, the viewer's side first."""
        return sorted(self.found.values(), key=lambda one: one.position)

    @property
    def regions(self) -> list[str]:
        """Where to look for what names no region, the home region first."""
        return list(dict.fromkeys((self.account.region, *self.account.other_regions)))

    def reading(self, what: str, region: str = GLOBAL_REGION) -> "Part":
        """Read a part of the path, as `with survey.reading("its rules", region):`."""
        return Part(self, what, region)

    def refuse_other_account(self, arn: str) -> None:
        """OtherAccountError: what is read belongs to another account."""
        found = arn.split(":")[4]
        if found != self.account.aws_account_id:
            raise OtherAccountError(found, self.account.aws_account_id)

    def note(self, words: str) -> None:
        """Tell the person who decides; once."""
        if words not in self.notes:
            self.notes.append(words)

    def add(self, hop: HopDoc, *, key: str) -> bool:
        """Put a hop on the path; False when it stands there already, or so deep that nothing behind it matters.

        `key` tells it from others of its kind, as its ARN does.
        """
        known = self.found.get((hop.kind, key))
        self.found[hop.kind, key] = hop if known is None else _merged(known, hop)
        return known is None and hop.position < DEEPEST


@dataclass(slots=True)
class Part:
    """Something that is being read: what cannot be read is written down and left, then `failed` is set.

    What may be read later ends the look with its AwsError, unless this is the last try.
    """

    survey: Survey
    what: str
    region: str
    failed: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, AwsError):
            return False
        is_off = is_region_off(error, self.region)
        if error.retryable and not is_off and not self.survey.gives_up:
            return False
        self.failed = True
        message = region_off(self.region, error) if is_off else str(error)
        problem = {"what": self.what, "action": error.action, "message": message}
        if problem not in self.survey.problems:
            self.survey.problems.append(problem)
        return True


def _merged(known: HopDoc, again: HopDoc) -> HopDoc:
    """One resource reached in two ways: both ways are told, and it stands where it is reached first."""
    details: dict[str, Any] = {**again.details, **known.details}
    if "paths" in known.details or "paths" in again.details:
        both = (*known.details.get("paths", ()), *again.details.get("paths", ()))
        details["paths"] = list(dict.fromkeys(both))
    return replace(known, position=min(known.position, again.position), details=details)


def is_region_off(error: AwsError, region: str) -> bool:
    """Whether AWS refuses good credentials because of the region: CloudFront's own is always enabled.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    return isinstance(error, UnknownCredentialsError) and region != GLOBAL_REGION


def region_off(region: str, error: AwsError) -> str:
    """What a person should know and do then."""
    return (
        f"{error.action} failed ({error.code}): AWS knows EdgeOps' credentials, but not in {region}, so that region is "
        f"not enabled for the account. Enable it there, or take {region} off the account's regions."
    )


def hop(
    kind: HopKind,
    name: str,
    *,
    region: str,
    position: int,
    dimensions: dict[str, str] | None = None,
    aws_id: str = "",
    **details: object,
) -> HopDoc:
    """A hop; details that say nothing are left out."""
    told = {name: value for name, value in details.items() if value not in (None, "", [], False)}
    return HopDoc(
        kind=kind,
        name=name,
        region=region,
        position=position,
        dimensions=dimensions or {},
        aws_id=aws_id,
        details=told,
    )
