"""Route 53: health checks, and where a name of the account's zones leads.

Reference: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway
from edgeops.aws.pacing import Pacer, pacer

REGION = "us-east-1"
# Route 53 allows an account five requests a second.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
CALLS_A_SECOND = 2.5
LEADING = {"A", "AAAA", "CNAME"}
NEAR = "20"  # records of one name stand together; a name rarely has more


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A health check of a host; its type is HTTPS, TCP, CALCULATED and so on."""

    id: str
    kind: str
    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record that leads to another name; `health_check_id` where it is only told while that check is healthy."""

    name: str
    target: str
    health_check_id: str


class Dns:
    """Route 53, which is global. Every verb raises AwsError."""

    def __init__(self, meter: Meter, access: Access = OWN, *, pace: Pacer | None = None) -> None:
        self._gateway = Gateway(
            "route53", REGION, meter, access, pacer=pace or pacer("route53", access, 1 / CALLS_A_SECOND)
        )

    @cached_property
    def health_checks(self) -> tuple[HealthCheck, ...]:
        """All health checks of the account."""
        return tuple(map(_health_check, self._paged("ListHealthChecks", "HealthChecks")))

    def records(self, name: str) -> tuple[Record, ...]:
        """Where a name leads according to the account's zones; none when the zones do not know it."""
        found: list[Record] = []
        for zone_id, zone in self._zones:
            if _is_within(name, zone):
                found.extend(self._in_zone(zone_id, name))
        return tuple(found)

    @cached_property
    def _zones(self) -> tuple[tuple[str, str], ...]:
        found = self._paged("ListHostedZones", "HostedZones")
        return tuple((raw["Id"].rpartition("/")[2], _bare(raw["Name"])) for raw in found)

    def _in_zone(self, zone_id: str, name: str) -> Iterator[Record]:
        answer = self._gateway.ask("ListResourceRecordSets", HostedZoneId=zone_id, StartRecordName=name, MaxItems=NEAR)
        for raw in answer["ResourceRecordSets"]:
            if _bare(raw["Name"]) == name and raw["Type"] in LEADING:
                health_check_id = raw.get("HealthCheckId", "")
                yield from (Record(name, target, health_check_id) for target in _targets(raw))

    def _paged(self, operation: str, name: str) -> Iterator[dict[str, Any]]:
        for page in self._gateway.pages(operation, after="Marker", following="NextMarker", MaxItems="100"):
            yield from page[name]


def _health_check(raw: dict[str, Any]) -> HealthCheck:
    config = raw["HealthCheckConfig"]
    host = config.get("FullyQualifiedDomainName", "")
    return HealthCheck(raw["Id"], config["Type"], _bare(host), config.get("ResourcePath", ""))


def _targets(raw: dict[str, Any]) -> Iterator[str]:
    """An alias leads to one name, a CNAME to the values of its records; addresses lead nowhere we know."""
    if "AliasTarget" in raw:
        yield _bare(raw["AliasTarget"]["DNSName"])
    elif raw["Type"] == "CNAME":
        yield from (_bare(record["Value"]) for record in raw.get("ResourceRecords", ()))


def _is_within(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _bare(name: str) -> str:
    return name.rstrip(".").lower()
