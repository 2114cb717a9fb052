"""STS: who is calling, and another account's role entered with the ExternalId its trust demands."""

import re
from datetime import UTC, datetime

from edgeops.localaws.callers import Session
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params

ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>\d{12}):role/(?:[^/]+/)*(?P<name>[\w+=,.@-]+)")
MIN_SECONDS, USUAL_SECONDS, MAX_SECONDS = 900, 3600, 43_200


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of STS, by name."""

    def get_caller_identity(_params: Params, context: Context) -> Params:
        caller = context.caller
        return {"UserId": caller.user_id, "Account": caller.account.id, "Arn": caller.arn}

    def assume_role(params: Params, context: Context) -> Params:
        role_arn, seconds = params["RoleArn"], params.get("DurationSeconds", USUAL_SECONDS)
        role = ROLE_ARN.fullmatch(role_arn)
        if role is None:
            raise AwsError("ValidationError", f"{role_arn} is invalid")
        if not MIN_SECONDS <= seconds <= MAX_SECONDS:
            raise AwsError("ValidationError", f"DurationSeconds must be from {MIN_SECONDS} to {MAX_SECONDS}.")
        trusts = dict(simulation.store.state.trusts)
        # A role that does not exist, one that trusts nobody and a wrong ExternalId are refused alike, as by AWS.
        if role_arn not in trusts or trusts[role_arn] != params.get("ExternalId"):
            message = f"User: {context.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise AwsError("AccessDenied", message, status=403)
        session = Session(role["account"], role["name"], params["RoleSessionName"], float(int(context.now) + seconds))
        return {
            "Credentials": {
                "AccessKeyId": session.access_key,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": datetime.fromtimestamp(session.ends_at, UTC),
            },
            "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
            "PackedPolicySize": 0,
        }

    return {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}
