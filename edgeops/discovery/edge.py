"""What stands at the edge: the distribution, its web ACL and the functions that run there."""

from edgeops.aws.distributions import Setup
from edgeops.aws.wafv2 import WebAcl
from edgeops.discovery.gateways import GLOBAL_REGION
from edgeops.discovery.survey import Survey, hop
from edgeops.estate.models import HopKind

EVERYWHERE = "Global"  # the value of CloudFront's dimension Region, whatever the region
EVERY_RULE = "ALL"


def add(survey: Survey, setup: Setup) -> bool:
    """Put the distribution and what is attached to it on the path; whether its additional metrics are on."""
    has_additional_metrics = False
    with survey.reading(f"whether additional metrics are on for {setup.id}"):
        has_additional_metrics = survey.aws.distributions.has_additional_metrics(setup.id)
    distribution = hop(
        HopKind.CLOUDFRONT,
        setup.id,
        region=GLOBAL_REGION,
        position=0,
        dimensions={"DistributionId": setup.id, "Region": EVERYWHERE},
        aws_id=setup.arn,
        cache_policies=_cache_policies(survey, setup),
        disabled=not setup.is_enabled,
        tenants=setup.is_for_tenants,
    )
    survey.add(distribution, key=setup.id)
    _note_traps(survey, setup)
    if setup.web_acl:
        _add_web_acl(survey, setup.web_acl)
    _add_functions(survey, setup)
    return has_additional_metrics


def add_web_acl(survey: Survey, acl: WebAcl, *, region: str | None, position: int, guards: str) -> None:
    """Put a web ACL on the path; `region` None guards a distribution.

    CloudWatch has the dimension Region for every web ACL but those of distributions.
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
    """
    dimensions: dict[str, str] = {}
    if acl.metric is None:
        survey.note(f"The metrics of the web ACL {acl.name} are switched off, so it has nothing to show.")
    else:
        dimensions = {"WebACL": acl.metric, "Rule": EVERY_RULE, **({"Region": region} if region else {})}
    found = hop(
        HopKind.WAF,
        acl.name,
        region=region or GLOBAL_REGION,
        position=position,
        dimensions=dimensions,
        aws_id=acl.arn,
        guards=guards,
    )
    survey.add(found, key=acl.arn)


def _note_traps(survey: Survey, setup: Setup) -> None:
    if not setup.is_enabled:
        survey.note(f"{setup.id} is disabled: CloudFront answers none of its viewers until it is enabled again.")
    if setup.is_for_tenants:
        survey.note(
            f"{setup.id} is for tenants only: viewers ask at the domains of its tenants, and a web ACL that a tenant "
            "has of its own does not stand on this path."
        )


def _add_web_acl(survey: Survey, named: str) -> None:
    """A distribution names its web ACL by ARN; by a bare id it is one of WAF Classic."""
    if not named.startswith("arn:"):
        survey.note(f"The web ACL {named} is one of WAF Classic, whose metrics EdgeOps does not read.")
        return
    with survey.reading("the web ACL of the distribution"):
        acl = survey.aws.waf(GLOBAL_REGION).web_acl(named)
        add_web_acl(survey, acl, region=None, position=0, guards="the distribution")


def _cache_policies(survey: Survey, setup: Setup) -> list[str]:
    found = []
    for policy_id in dict.fromkeys(one.cache_policy_id for one in setup.behaviors if one.cache_policy_id):
        with survey.reading("the names of cache policies"):
            found.append(survey.aws.distributions.cache_policy_name(policy_id))
    return found


def _add_functions(survey: Survey, setup: Setup) -> None:
    for behavior in setup.behaviors:
        for arn in behavior.functions:
            _add_function(survey, arn, behavior.path_pattern)
        for arn in behavior.edge_lambdas:
            _add_edge_lambda(survey, arn, behavior.path_pattern)


def _add_function(survey: Survey, arn: str, path_pattern: str) -> None:
    name = arn.rpartition("/")[2]
    found = hop(
        HopKind.EDGE_FUNCTION,
        name,
        region=GLOBAL_REGION,
        position=0,
        dimensions={"FunctionName": name, "Region": EVERYWHERE},
        aws_id=arn,
        paths=[path_pattern],
    )
    survey.add(found, key=arn)


def _add_edge_lambda(survey: Survey, arn: str, path_pattern: str) -> None:
    """Lambda@Edge reports in whichever regions it ran, so there is no one place to read it in."""
    name = arn.split(":")[6]
    survey.note(f"{name} runs as Lambda@Edge: its metrics are spread over regions, and EdgeOps does not read them.")
    found = hop(
        HopKind.EDGE_FUNCTION,
        name,
        region=GLOBAL_REGION,
        position=0,
        aws_id=arn,
        runs="Lambda@Edge",
        paths=[path_pattern],
    )
    survey.add(found, key=arn)
