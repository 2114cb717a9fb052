"""APIs of API Gateway on a request path, REST and HTTP: at their own host or at a custom domain."""

from collections.abc import Iterable, Sequence

from edgeops.aws.apigateway import RestApi, RestStage
from edgeops.aws.apigatewayv2 import HttpApi, Mapping
from edgeops.aws.errors import NotFoundError
from edgeops.discovery import routes
from edgeops.discovery.edge import add_web_acl
from edgeops.discovery.hosts import Host
from edgeops.discovery.leads import Lead, add_unknown
from edgeops.discovery.survey import Survey, hop
from edgeops.estate.models import HopKind

HTTP = "HTTP"
EDGE = "EDGE"


def at_host(survey: Survey, lead: Lead, host: Host) -> list[Lead]:
    """The API whose own host this is, with the stages the paths reach."""
    with survey.reading(f"the API at {host.name}", host.region):
        return _add(survey, lead, host.resource, host.region, None)
    return []


def at_domain(survey: Survey, lead: Lead) -> list[Lead] | None:
    """The APIs a custom domain leads to; None when it is no custom domain of the account."""
    was_read = True
    for region in survey.regions:
        with survey.reading(f"custom domains of API Gateway in {region}", region) as part:
            if lead.to in survey.aws.rest_apis(region).domains:
                return _mapped(survey, lead, region)
        was_read &= not part.failed
    # Where a region could not be read nobody can say that the host is not one of its domains.
    return None if was_read else []


def metric_name(api: RestApi) -> str:
    """What CloudWatch calls a REST API: its name without what is not ASCII, or its id where nothing is left.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """
    return api.name.encode("ascii", "ignore").decode().strip() or api.id


def _mapped(survey: Survey, lead: Lead, region: str) -> list[Lead]:
    reached = routes.mapped(lead.beginnings, survey.aws.http_apis(region).mappings(lead.to))
    if not reached:
        survey.note(f"The custom domain {lead.to} maps nothing at the paths CloudFront asks for: it answers 403.")
        add_unknown(survey, lead)
    return [further for one in reached for further in _add(survey, lead, one.api_id, region, one)]


def _add(survey: Survey, lead: Lead, api_id: str, region: str, mapping: Mapping | None) -> list[Lead]:
    """Put an API on the path: at a custom domain the mapping names the stage, else the paths do."""
    rest = next((api for api in survey.aws.rest_apis(region).apis if api.id == api_id), None)
    if rest is not None:
        return _add_rest(survey, lead, rest, region, mapping)
    try:
        http = survey.aws.http_apis(region).api(api_id)
    except NotFoundError:
        survey.note(f"No API {api_id} is in this account and {region}: it is of another account, or deleted.")
        add_unknown(survey, lead)
        return []
    return _add_http(survey, lead, http, region, mapping)


def _add_rest(survey: Survey, lead: Lead, api: RestApi, region: str, mapping: Mapping | None) -> list[Lead]:
    _note_traps(survey, api, region)
    stages = {stage.name: stage for stage in survey.aws.rest_apis(region).stages(api.id)}
    wanted = [mapping.stage] if mapping else routes.rest_stages(lead.beginnings, list(stages))
    _note_stages(survey, api.name, wanted, stages)
    further: list[Lead] = []
    for stage in (stages[name] for name in wanted if name in stages):
        gateway = hop(
            HopKind.REST_API,
            api.name or api.id,
            region=region,
            position=lead.position,
            dimensions={"ApiName": metric_name(api), "Stage": stage.name},
            aws_id=api.id,
            stage=stage.name,
            endpoint=api.endpoint,
            cache_size_gb=stage.cache_size,
            method_metrics=stage.has_method_metrics,
            traced=stage.is_traced,
            **_domain(lead, mapping),
        )
        if survey.add(gateway, key=f"{api.id} {stage.name}"):
            further += _behind_rest(survey, lead, api, stage, region)
    return further


def _behind_rest(survey: Survey, lead: Lead, api: RestApi, stage: RestStage, region: str) -> list[Lead]:
    if stage.web_acl:
        with survey.reading(f"the web ACL of {api.name}", region):
            acl = survey.aws.waf(region).web_acl(stage.web_acl)
            add_web_acl(survey, acl, region=region, position=lead.position, guards=api.name)
    with survey.reading(f"what stands behind {api.name}", region):
        behind = survey.aws.rest_apis(region).behind(api.id, stage)
        return _further(survey, api.name, (*behind.functions, *behind.others), lead.position + 1)
    return []


def _add_http(survey: Survey, lead: Lead, api: HttpApi, region: str, mapping: Mapping | None) -> list[Lead]:
    if api.protocol != HTTP:
        survey.note(f"{api.name} is a {api.protocol.title()} API, whose metrics EdgeOps does not read.")
        add_unknown(survey, lead, api.name)
        return []
    stages = {stage.name: stage for stage in survey.aws.http_apis(region).stages(api.id)}
    wanted = [mapping.stage] if mapping else routes.http_stages(lead.beginnings, list(stages))
    _note_stages(survey, api.name, wanted, stages)
    is_new = False
    for stage in (stages[name] for name in wanted if name in stages):
        gateway = hop(
            HopKind.HTTP_API,
            api.name,
            region=region,
            position=lead.position,
            dimensions={"ApiId": api.id, "Stage": stage.name},
            aws_id=api.id,
            stage=stage.name,
            route_metrics=stage.has_route_metrics,
            **_domain(lead, mapping),
        )
        is_new |= survey.add(gateway, key=f"{api.id} {stage.name}")
    return _behind_http(survey, lead, api, region) if is_new else []


def _behind_http(survey: Survey, lead: Lead, api: HttpApi, region: str) -> list[Lead]:
    with survey.reading(f"what stands behind {api.name}", region):
        behind = survey.aws.http_apis(region).behind(api.id)
        found = (*behind.functions, *behind.listeners, *behind.others)
        return _further(survey, api.name, found, lead.position + 1)
    return []


def _further(survey: Survey, name: str, found: Iterable[str], position: int) -> list[Lead]:
    """ARNs and hosts lead on; an integration with a service of AWS has no name of its own to follow."""
    further = []
    for to in found:
        if "." in to or to.startswith("arn:"):
            further.append(Lead(to.lower() if "arn:" not in to else to, position))
        else:
            survey.note(
                f"{name} also has integrations that lead to no host or function ({to}); EdgeOps leaves them out."
            )
    return further


def _note_traps(survey: Survey, api: RestApi, region: str) -> None:
    name = metric_name(api)
    twins = [one.id for one in survey.aws.rest_apis(region).apis if one.id != api.id and metric_name(one) == name]
    if twins:
        survey.note(
            f"{region} has more REST APIs called {name} ({', '.join(twins)}): CloudWatch tells them apart by name "
            "only, so stages of one name share their metrics. Rename one to have its own."
        )
    if name != api.name:
        survey.note(f"CloudWatch knows the REST API {api.name} as {name}: it leaves out what is not ASCII.")
    if api.endpoint == EDGE:
        survey.note(
            f"{api.name} has an EDGE endpoint, so requests pass a second CloudFront that AWS keeps to itself: it adds "
            "latency, and EdgeOps cannot see it. A REGIONAL endpoint is meant to stand behind your own distribution."
        )


def _note_stages(survey: Survey, name: str, wanted: Sequence[str], stages: Iterable[str]) -> None:
    known = list(stages)
    missing = [stage for stage in wanted if stage not in known]
    if missing or not wanted:
        survey.note(
            f"{name} has no stage {' or '.join(missing)}".rstrip()
            + f" at the paths CloudFront asks for; it has {', '.join(known) or 'none'}."
        )


def _domain(lead: Lead, mapping: Mapping | None) -> dict[str, object]:
    """What is told of how an API is reached."""
    custom = {"custom_domain": lead.to, "mapping": mapping.key} if mapping else {}
    return {**lead.details, **custom}
