"""Load balancers on a request path, their target groups, and the functions some of these call."""

from collections.abc import Sequence
from itertools import chain

from edgeops.aws.elbv2 import APPLICATION, LAMBDA_TARGET, LoadBalancer, TargetGroup
from edgeops.discovery.edge import add_web_acl
from edgeops.discovery.hosts import Host
from edgeops.discovery.leads import Lead, add_unknown
from edgeops.discovery.survey import Survey, hop
from edgeops.estate.document import HopDoc
from edgeops.estate.models import HopKind

BALANCER_TARGET = "alb"


def at_host(survey: Survey, lead: Lead, host: Host) -> list[Lead]:
    """The load balancer whose DNS name a host is, and where its target groups lead."""
    with survey.reading(f"the load balancer at {host.name}", host.region):
        for balancer in survey.aws.load_balancing(host.region).load_balancers:
            if balancer.host == host.name:
                return _add(survey, lead, balancer, host.region)
        survey.note(
            f"No load balancer of this account in {host.region} is called {host.name}: it is of another account, "
            "deleted, or a Classic Load Balancer, which EdgeOps does not read."
        )
        add_unknown(survey, lead)
    return []


def at_arn(survey: Survey, lead: Lead) -> list[Lead]:
    """The load balancer of an ARN, its own or one of its listeners'."""
    region = lead.to.split(":")[3]
    tail = tail_of(lead.to)
    with survey.reading(f"the load balancer {tail}", region):
        for balancer in survey.aws.load_balancing(region).load_balancers:
            if tail_of(balancer.arn) == tail:
                return _add(survey, lead, balancer, region)
        survey.note(f"The load balancer {tail} is not in this account and {region}: it is of another one, or deleted.")
        add_unknown(survey, lead, tail)
    return []


def tail_of(arn: str) -> str:
    """What CloudWatch calls a load balancer: app/<name>/<id>, also where the ARN goes on to a listener."""
    return "/".join(arn.partition("/")[2].split("/")[:3])


def _add(survey: Survey, lead: Lead, balancer: LoadBalancer, region: str) -> list[Lead]:
    if balancer.kind != APPLICATION:
        return _add_other(survey, lead, balancer, region)
    tail = tail_of(balancer.arn)
    is_new = survey.add(
        hop(
            HopKind.ALB,
            balancer.name,
            region=region,
            position=lead.position,
            dimensions={"LoadBalancer": tail},
            aws_id=balancer.arn,
            internal=balancer.is_internal,
            open_to_everybody=_is_open(survey, balancer, region),
            **lead.details,
        ),
        key=balancer.arn,
    )
    if not is_new:
        return []
    with survey.reading(f"the web ACL of {balancer.name}", region):
        acl = survey.aws.waf(region).of_resource(balancer.arn)
        if acl is not None:
            add_web_acl(survey, acl, region=region, position=lead.position, guards=balancer.name)
    return _add_target_groups(survey, lead, balancer, region)


def _add_other(survey: Survey, lead: Lead, balancer: LoadBalancer, region: str) -> list[Lead]:
    """A network or gateway load balancer publishes other metrics than an application's; one may stand behind it."""
    survey.note(
        f"{balancer.name} is a {balancer.kind} load balancer: it has none of an Application Load Balancer's metrics, "
        "so EdgeOps shows where it stands and nothing more."
    )
    other = hop(
        HopKind.CUSTOM_ORIGIN,
        balancer.name,
        region=region,
        position=lead.position,
        aws_id=balancer.arn,
        type=f"{balancer.kind} load balancer",
        internal=balancer.is_internal,
        **lead.details,
    )
    if not survey.add(other, key=balancer.arn):
        return []
    gateway = survey.aws.load_balancing(region)
    with survey.reading(f"what stands behind {balancer.name}", region):
        groups = [one for one in gateway.target_groups(balancer.arn) if one.target_type == BALANCER_TARGET]
        targets = chain.from_iterable(gateway.functions(group.arn) for group in groups)
        return [Lead(arn, lead.position + 1) for arn in targets]
    return []


def _is_open(survey: Survey, balancer: LoadBalancer, region: str) -> bool:
    if balancer.is_internal or not balancer.security_groups:
        return False
    is_open = False
    with survey.reading(f"who may reach {balancer.name}", region):
        is_open = survey.aws.security_groups(region).are_open(balancer.security_groups)
    if is_open:
        survey.note(
            f"The security groups of {balancer.name} let every address in, so viewers can go past CloudFront and its "
            "web ACL. Allow CloudFront's prefix list only, or make it private behind a VPC origin."
        )
    return is_open


def _add_target_groups(survey: Survey, lead: Lead, balancer: LoadBalancer, region: str) -> list[Lead]:
    gateway = survey.aws.load_balancing(region)
    paths: dict[str, tuple[str, ...]] = {}
    groups: tuple[TargetGroup, ...] = ()
    with survey.reading(f"the target groups of {balancer.name}", region):
        groups = gateway.target_groups(balancer.arn)
    with survey.reading(f"the rules of {balancer.name}", region):
        paths = dict(gateway.paths(balancer.arn))
    further: list[Lead] = []
    for group in groups:
        target_group = _target_group(balancer, group, region, lead.position + 1, paths.get(group.arn, ()))
        # CloudWatch counts a target group apart for each load balancer that leads to it.
        is_new = survey.add(target_group, key=f"{balancer.arn} {group.arn}")
        if is_new and group.target_type == LAMBDA_TARGET:
            with survey.reading(f"the function behind {group.name}", region):
                further += [Lead(arn, lead.position + 2) for arn in gateway.functions(group.arn)]
    return further


def _target_group(
    balancer: LoadBalancer, group: TargetGroup, region: str, position: int, paths: Sequence[str]
) -> HopDoc:
    return hop(
        HopKind.TARGET_GROUP,
        group.name,
        region=region,
        position=position,
        dimensions={"LoadBalancer": tail_of(balancer.arn), "TargetGroup": group.arn.rpartition(":")[2]},
        aws_id=group.arn,
        target_type=group.target_type,
        paths=list(paths),
    )
