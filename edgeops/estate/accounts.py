"""Adding, changing and removing AWS accounts: each one transaction, with its audit row."""

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate import comparing, plain, snapshot, turns
from edgeops.estate.document import AccountDoc
from edgeops.estate.models import Account
from edgeops.estate.turns import EstateError

__all__ = ["SHARED_ROLE", "EstateError", "put", "remove"]

SHARED_ROLE = (
    "The role {role} of the account {name} is used by the account {other} already: one of the two would be read under "
    "the other's name. Give each a role of its own."
)


def put(doc: AccountDoc, *, actor: Actor, now: datetime) -> Account:
    """Add the account, or make the one of its name be like this; doing it twice changes nothing.

    A new account gets an ExternalId of EdgeOps' own making, a changed one keeps its own: no document holds one, so that
    nobody can choose it. Raises EstateError, or DocumentError for values that cannot be.
    """
    doc = plain.account_from_plain(plain.account_to_plain(doc))
    with turns.taken():
        account = Account.objects.filter(name=doc.name).first()
        before = None if account is None else snapshot.account_doc(account)
        if account is not None and not comparing.compare_account(before, doc):
            return account
        _refuse_shared_role(doc)
        values = {name: getattr(doc, name) for name in ("aws_account_id", "region", "role_arn", "monthly_budget")}
        values["other_regions"] = list(doc.other_regions)
        row, is_new = Account.objects.update_or_create(name=doc.name, defaults=values)
        _record(actor, "added" if is_new else "changed", old=before, new=doc, now=now)
    return row


def remove(account: Account, *, actor: Actor, now: datetime) -> None:
    """Forget an account no API uses, with what is known of its health and its calls; raises EstateError."""
    with turns.taken():
        _refuse_used(account)
        before = snapshot.account_doc(account)
        try:
            with transaction.atomic():
                account.distributions.all().delete()
                account.delete()
        except ProtectedError:
            raise EstateError(
                f"AWS account {account} cannot be removed: invalidations, webhooks or traces still name it or one of "
                "its distributions, and that history stays readable. It costs nothing: without an API nothing is read "
                "from it."
            ) from None
        _record(actor, "removed", old=before, new=None, now=now)


def _refuse_shared_role(doc: AccountDoc) -> None:
    other = Account.objects.filter(role_arn=doc.role_arn).exclude(name=doc.name).first() if doc.role_arn else None
    if other is not None:
        raise EstateError(SHARED_ROLE.format(role=doc.role_arn, name=doc.name, other=other))


def _refuse_used(account: Account) -> None:
    users = list(account.apis.order_by("name").values_list("name", flat=True))
    if users:
        raise EstateError(
            f"AWS account {account} is still used by {' and '.join(users)}. Remove what uses it first, or move it to "
            "another account."
        )


def _record(actor: Actor, done: str, *, old: AccountDoc | None, new: AccountDoc | None, now: datetime) -> None:
    name = next(one.name for one in (new, old) if one)
    detail = {"old": old and plain.account_to_plain(old), "new": new and plain.account_to_plain(new)}
    audit.record(
        actor,
        f"account.{done}",
        subject=("account", name),
        summary=f"AWS account {name} is {done}",
        now=now,
        detail=detail,
    )
