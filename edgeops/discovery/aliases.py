"""What Route 53 says of the names viewers use: which health checks watch them, and whether they lead here."""

from edgeops.aws.distributions import Setup
from edgeops.aws.route53 import HealthCheck
from edgeops.discovery.gateways import GLOBAL_REGION
from edgeops.discovery.survey import Survey, hop
from edgeops.estate.models import HopKind

# Route 53 answers a few calls a second and a name costs one; the first names of a distribution are those people use.
MOST_LOOKED_UP = 10


def add_health_checks(survey: Survey, setup: Setup) -> None:
    """Put the health checks of the aliases on the path: those that ask one of them, and those its records hang on."""
    by_record = _of_records(survey, setup)
    with survey.reading("Route 53's health checks"):
        hosts = {setup.domain.lower(), *(alias.lower() for alias in setup.aliases)}
        for check in survey.aws.dns.health_checks:
            if check.host in hosts or check.id in by_record:
                _add(survey, check, by_record.get(check.id, check.host))


def _of_records(survey: Survey, setup: Setup) -> dict[str, str]:
    """The names whose records hang on a health check, by the check's id."""
    found: dict[str, str] = {}
    names = [alias.lower() for alias in setup.aliases if "*" not in alias]
    if len(names) > MOST_LOOKED_UP:
        survey.note(f"Only the first {MOST_LOOKED_UP} of {len(names)} aliases were looked up in Route 53.")
    for name in names[:MOST_LOOKED_UP]:
        with survey.reading(f"where {name} leads"):
            records = survey.aws.dns.records(name)
            found |= {one.health_check_id: name for one in records if one.health_check_id}
            elsewhere = sorted({one.target for one in records} - {setup.domain.lower()})
            if elsewhere:
                survey.note(f"{name} leads to {', '.join(elsewhere)} as well, or instead of {setup.domain}.")
    return found


def _add(survey: Survey, check: HealthCheck, watches: str) -> None:
    found = hop(
        HopKind.HEALTH_CHECK,
        f"{watches}{check.path}" if watches else check.id,
        region=GLOBAL_REGION,
        position=0,
        dimensions={"HealthCheckId": check.id},
        aws_id=check.id,
        type=check.kind,
        path=check.path,
    )
    survey.add(found, key=check.id)
