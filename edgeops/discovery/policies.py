"""The IAM policies that let EdgeOps into an account: whom the account's role trusts, and what that role may do."""

from collections.abc import Iterable
from typing import Any

from edgeops.aws import trials
from edgeops.estate.models import Distribution

PRINCIPAL = "arn:aws:iam::EDGEOPS-ACCOUNT:role/EDGEOPS-ROLE"
"""Stands for whom EdgeOps' workers act as, which only the person who runs them knows."""
READ = tuple(sorted({trial.action for trial in (*trials.GLOBAL, *trials.REGIONAL)}))
"""Exactly what a test of the access tries."""


def trust(external_id: str) -> dict[str, Any]:
    """The trust policy of an account's role: EdgeOps may assume it, and only with this account's ExternalId.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    return _policy(
        Principal={"AWS": PRINCIPAL},
        Action="sts:AssumeRole",
        Condition={"StringEquals": {"sts:ExternalId": external_id}},
    )


def reading() -> dict[str, Any]:
    """What every account is read with."""
    return _policy(Action=list(READ), Resource="*")


def invalidating(distributions: Iterable[Distribution], aws_account_id: str) -> dict[str, Any]:
    """What invalidating takes, for these distributions only; an example while there are none."""
    ids = sorted(one.aws_id for one in distributions) or ["E1EXAMPLE"]
    arns = [f"arn:aws:cloudfront::{aws_account_id}:distribution/{one}" for one in ids]
    return _policy(Action="cloudfront:CreateInvalidation", Resource=arns if len(arns) > 1 else arns[0])


def _policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
