"""Following a request from the distribution's origins to whatever answers it in the end."""

from collections import deque
from collections.abc import Iterable, Iterator

from edgeops.aws.distributions import Origin, OriginGroup, Setup
from edgeops.discovery import apis, balancers, functions, hosts, routes
from edgeops.discovery.hosts import Answers, Host
from edgeops.discovery.leads import Lead, add_unknown
from edgeops.discovery.survey import Survey, hop
from edgeops.estate.models import HopKind

ROLES = ("primary", "secondary")
MOST_NAMES = 3
"""So many names may stand for one another before the host that answers."""


def follow(survey: Survey, setup: Setup) -> None:
    """Put everything behind the distribution on the path."""
    waiting = deque(from_origins(survey, setup))
    while waiting:
        waiting.extend(_next(survey, waiting.popleft()))


def from_origins(survey: Survey, setup: Setup) -> Iterator[Lead]:
    """A lead for each origin that a behavior asks, with the paths it is asked for."""
    patterns = _patterns(setup)
    roles = {member: role for group in setup.groups for member, role in zip(group.members, ROLES, strict=False)}
    for origin in setup.origins:
        asked = patterns.get(origin.id, [])
        if not asked:
            survey.note(f"No behavior asks the origin {origin.id} ({origin.host}), so it is left out.")
            continue
        details = {
            "paths": asked,
            "origin_path": origin.path,
            "failover": roles.get(origin.id),
            "vpc_origin": origin.vpc_origin_id,
        }
        to = _behind_vpc_origin(survey, origin) if origin.vpc_origin_id else origin.host
        if to:
            yield Lead(to, 1, tuple(routes.beginning(origin.path, pattern) for pattern in asked), details)


def _patterns(setup: Setup) -> dict[str, list[str]]:
    """The path patterns each origin is asked for, by itself or as a member of a group."""
    groups: dict[str, OriginGroup] = {group.id: group for group in setup.groups}
    found: dict[str, list[str]] = {}
    for behavior in setup.behaviors:
        members = groups[behavior.target].members if behavior.target in groups else (behavior.target,)
        for member in members:
            found.setdefault(member, []).append(behavior.path_pattern)
    return found


def _behind_vpc_origin(survey: Survey, origin: Origin) -> str:
    with survey.reading(f"the VPC origin {origin.vpc_origin_id}"):
        return survey.aws.distributions.behind_vpc_origin(origin.vpc_origin_id)
    return ""


def _next(survey: Survey, lead: Lead) -> Iterable[Lead]:
    if lead.to.startswith("arn:"):
        return _at_arn(survey, lead)
    host = hosts.parse(lead.to)
    return _at_name(survey, lead) if host is None else _at_host(survey, lead, host)


def _at_arn(survey: Survey, lead: Lead) -> Iterable[Lead]:
    service = lead.to.split(":")[2]
    if service == "elasticloadbalancing":
        return balancers.at_arn(survey, lead)
    if service == "lambda":
        functions.at_arn(survey, lead)
    else:
        add_unknown(survey, lead, lead.to.rpartition(":")[2])
    return ()


def _at_host(survey: Survey, lead: Lead, host: Host) -> Iterable[Lead]:
    match host.answers:
        case Answers.API:
            return apis.at_host(survey, lead, host)
        case Answers.BALANCER:
            return balancers.at_host(survey, lead, host)
        case Answers.FUNCTION:
            return functions.at_url(survey, lead, host)
        case Answers.BUCKET:
            _add_bucket(survey, lead, host)
    return ()


def _add_bucket(survey: Survey, lead: Lead, host: Host) -> None:
    bucket = hop(
        HopKind.S3,
        host.resource,
        region=host.region or survey.account.region,
        position=lead.position,
        aws_id=f"arn:aws:s3:::{host.resource}",
        **lead.details,
    )
    survey.add(bucket, key=host.resource)


def _at_name(survey: Survey, lead: Lead) -> Iterable[Lead]:
    """A name of somebody's own: a custom domain of API Gateway, or one that Route 53 leads elsewhere."""
    behind = apis.at_domain(survey, lead)
    if behind is not None:
        return behind
    with survey.reading(f"where {lead.to} leads") as part:
        behind = _by_dns(survey, lead)
    if behind or part.failed:
        return behind or ()
    if lead.position == 1:
        survey.note(f"{lead.to} is no name of AWS's, of API Gateway's custom domains or of this account's zones.")
    add_unknown(survey, lead)
    return ()


def _by_dns(survey: Survey, lead: Lead) -> list[Lead]:
    """Where the account's zones lead a name, if that is a name of AWS's own."""
    names = [lead.to]
    for _ in range(MOST_NAMES):
        names = [one.target for name in names for one in survey.aws.dns.records(name)]
        known = [name for name in dict.fromkeys(names) if hosts.parse(name)]
        if known:
            named = {**lead.details, "named": lead.to}
            return [Lead(name, lead.position, lead.beginnings, named) for name in known]
    return []
