"""Who calls: the account and role behind a request's credentials, and the temporary ones AssumeRole hands out.

Temporary credentials tell everything themselves, so they outlive a restart as AWS's do: the session token carries the
role and when it ends, the access key is a digest of the token. Any other key belongs to the world's first account.
"""

import base64
import json
from dataclasses import dataclass
from hashlib import sha256

from edgeops.localaws import refusals
from edgeops.localaws.wire.requests import Scope
from edgeops.localaws.world import Account, World

TEMPORARY = "ASIA"


@dataclass(frozen=True, slots=True)
class Caller:
    """An account and the ARN under which it acts."""

    account: Account
    arn: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Session:
    """An assumed role until `ends_at`, epoch seconds."""

    account_id: str
    role: str
    name: str
    ends_at: float

    @property
    def arn(self) -> str:
        """Under which the role acts."""
        return f"arn:aws:sts::{self.account_id}:assumed-role/{self.role}/{self.name}"

    @property
    def user_id(self) -> str:
        """The role's unique id and the session's name."""
        return f"AROA{_digest(f'{self.account_id} {self.role}', 16)}:{self.name}"

    @property
    def token(self) -> str:
        """The session token."""
        return base64.urlsafe_b64encode(
            json.dumps([self.account_id, self.role, self.name, self.ends_at]).encode()
        ).decode()

    @property
    def access_key(self) -> str:
        """The access key that belongs to the token and to no other."""
        return TEMPORARY + _digest(self.token, 16)

    @property
    def secret(self) -> str:
        """The secret key; signatures are not verified, so any serves."""
        return _digest(f"secret of {self.token}", 40)


def identify(scope: Scope, world: World, *, now: float) -> Caller:
    """The caller of a signed request.

    Raises AWS's errors for a temporary key without its token, for credentials that have ended, and for a region the
    account has not enabled.
    """
    caller = _caller(scope, world, now)
    if scope.region in caller.account.disabled_regions:
        raise refusals.unknown_token(scope.service)
    return caller


def _caller(scope: Scope, world: World, now: float) -> Caller:
    if not scope.access_key.startswith(TEMPORARY):
        own = Session(world.account.id, "EdgeOps", "local", ends_at=0.0)
        return Caller(world.account, own.arn, own.user_id)
    session = _session(scope.token)
    account = world.account_of(session.account_id) if session else None
    if session is None or account is None or session.access_key != scope.access_key:
        raise refusals.unknown_token(scope.service)
    if now >= session.ends_at:
        raise refusals.expired(scope.service)
    return Caller(account, session.arn, session.user_id)


def _session(token: str) -> Session | None:
    """The session of a token; None when it is none of ours."""
    try:
        account_id, role, name, ends_at = json.loads(base64.urlsafe_b64decode(token))
        return Session(str(account_id), str(role), str(name), float(ends_at))
    except (ValueError, TypeError):
        return None


def _digest(text: str, length: int) -> str:
    return base64.b32encode(sha256(text.encode()).digest()).decode()[:length]
