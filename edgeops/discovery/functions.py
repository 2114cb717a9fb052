"""Lambda functions on a request path, by their ARN or by the host of their URL."""

import re

from edgeops.discovery.hosts import Host
from edgeops.discovery.leads import Lead, add_unknown
from edgeops.discovery.survey import Survey, hop
from edgeops.estate.models import HopKind

ARN = re.compile(
    r"arn:[^:]+:lambda:(?P<region>[^:]+):(?P<account>\d+):function:(?P<name>[^:]+)(?::(?P<qualifier>[^:]+))?"
)


def at_arn(survey: Survey, lead: Lead) -> None:
    """Put a function on the path. Its ARN tells all that metrics need; what else there is to tell may be denied."""
    found = ARN.fullmatch(lead.to)
    if found is None:
        survey.note(f"{lead.to} is not the ARN of a function: a stage variable may be missing.")
        return
    name, region = found["name"], found["region"]
    is_ours = found["account"] == survey.account.aws_account_id
    told: dict[str, object] = {}
    if is_ours:
        with survey.reading(f"the function {name}", region):
            function = survey.aws.functions(region).function(lead.to)
            told = {
                "runtime": function.runtime,
                "timeout_seconds": function.timeout_seconds,
                "memory_mb": function.memory_mb,
                "traced": function.is_traced,
            }
    else:
        survey.note(f"{name} belongs to the account {found['account']}, whose metrics this account does not see.")
    function_hop = hop(
        HopKind.LAMBDA,
        name,
        region=region,
        position=lead.position,
        dimensions={"FunctionName": name} if is_ours else None,
        aws_id=lead.to,
        qualifier=found["qualifier"],
        **told,
        **lead.details,
    )
    survey.add(function_hop, key=f"{region} {found['account']} {name}")


def at_url(survey: Survey, lead: Lead, host: Host) -> list[Lead]:
    """The function that answers at a URL."""
    with survey.reading(f"the function behind {host.name}", host.region) as part:
        function = survey.aws.functions(host.region).at_url(host.name)
    if part.failed:
        return []
    if function is None:
        survey.note(
            f"No function of this account in {host.region} answers at {host.name}: it is of another account, or "
            "deleted."
        )
        add_unknown(survey, lead)
        return []
    return [Lead(function.arn, lead.position, details={**lead.details, "url": host.name})]
