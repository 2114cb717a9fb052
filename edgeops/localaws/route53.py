"""Route 53: the hosted zone of each account, the records that lead to its distributions, and health checks."""

from collections.abc import Callable, Sequence

from edgeops.localaws import apigateway, arns, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Account, Api, HealthCheck

ZONE = "example.test."
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
GATEWAY_ZONE = "Z2OJLYMUO9EFXC"
LARGEST_PAGE, LARGEST_RECORDS_PAGE = 100, 300


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of Route 53, by name."""
    zones = Zones(simulation)
    return {
        "ListHostedZones": zones.list_hosted_zones,
        "ListResourceRecordSets": zones.list_resource_record_sets,
        "ListHealthChecks": zones.list_health_checks,
        "GetHealthCheck": zones.get_health_check,
    }


class Zones:
    """Each method is one operation; Route 53 is global, a call sees its account."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def list_hosted_zones(self, params: Params, context: Context) -> Params:
        """The account's zone."""
        zone = {
            "Id": f"/hostedzone/{zone_id(context.account)}",
            "Name": ZONE,
            "CallerReference": f"edgeops-{context.account.id}",
            "Config": {"PrivateZone": False},
            "ResourceRecordSetCount": len(self._records(context)),
        }
        return _page("HostedZones", [zone], params, lambda entry: str(entry["Id"]))

    def list_resource_record_sets(self, params: Params, context: Context) -> Params:
        """The records of a zone in DNS order: by their labels read from the right."""
        if params["HostedZoneId"].rpartition("/")[2] != zone_id(context.account):
            raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {params['HostedZoneId']}", status=404)
        size = paging.size_of(params.get("MaxItems"), largest=LARGEST_RECORDS_PAGE, error="InvalidInput")
        start = (_order(params.get("StartRecordName") or ""), params.get("StartRecordType") or "")
        left = [record for record in self._records(context) if (_order(record["Name"]), record["Type"]) >= start]
        following = {"NextRecordName": left[size]["Name"], "NextRecordType": left[size]["Type"]} if left[size:] else {}
        return {
            "ResourceRecordSets": left[:size],
            "IsTruncated": bool(following),
            "MaxItems": str(size),
            **following,
        }

    def list_health_checks(self, params: Params, context: Context) -> Params:
        """The health checks of the account."""
        checks = [_health_check(api, check) for api, check in self._checks(context)]
        return _page("HealthChecks", checks, params, lambda entry: str(entry["Id"]))

    def get_health_check(self, params: Params, context: Context) -> Params:
        """One health check."""
        for api, check in self._checks(context):
            if check.id == params["HealthCheckId"]:
                return {"HealthCheck": _health_check(api, check)}
        raise AwsError("NoSuchHealthCheck", f"No health check exists with id {params['HealthCheckId']}", status=404)

    def _checks(self, context: Context) -> list[tuple[Api, HealthCheck]]:
        apis = self._simulation.world.apis_of(context.account)
        return [(api, api.health_check) for api in apis if api.health_check]

    def _records(self, context: Context) -> list[Params]:
        apis = self._simulation.world.apis_of(context.account)
        found = [
            _alias(api.distribution.alias, kind, CLOUDFRONT_ZONE, api.distribution.domain)
            for api in apis
            for kind in ("A", "AAAA")
            if api.distribution.alias
        ]
        found += [
            _alias(hop.domain, "A", GATEWAY_ZONE, apigateway.regional_name(api, hop))
            for api in apis
            for hop in api.hops
            if hop.domain
        ]
        servers = [{"Value": f"ns-{n}.awsdns-00.test."} for n in range(4)]
        found.append({"Name": ZONE, "Type": "NS", "TTL": 172_800, "ResourceRecords": servers})
        return sorted(found, key=lambda record: (_order(record["Name"]), record["Type"]))


def zone_id(account: Account) -> str:
    """The id of an account's hosted zone."""
    return "Z" + arns.hexadecimal(f"{account.id} {ZONE}", 20).upper()


def _order(name: str) -> list[str]:
    return name.rstrip(".").split(".")[::-1] if name else []


def _alias(name: str, kind: str, zone: str, target: str) -> Params:
    told = {"HostedZoneId": zone, "DNSName": f"{target}.", "EvaluateTargetHealth": False}
    return {"Name": f"{name}.", "Type": kind, "AliasTarget": told}


def _health_check(api: Api, check: HealthCheck) -> Params:
    return {
        "Id": check.id,
        "CallerReference": f"edgeops-{api.slug}",
        "HealthCheckConfig": {
            "Port": 443,
            "Type": "HTTPS",
            "ResourcePath": check.path,
            "FullyQualifiedDomainName": api.distribution.alias,
            "RequestInterval": 30,
            "FailureThreshold": 3,
            "MeasureLatency": True,
            "Inverted": False,
            "Disabled": False,
            "EnableSNI": True,
        },
        "HealthCheckVersion": 1,
    }


def _page(name: str, entries: Sequence[Params], params: Params, id_of: Callable[[Params], str]) -> Params:
    """One page; unlike elsewhere the marker is the first entry of the page it leads to."""
    marker = params.get("Marker") or ""
    size = paging.size_of(params.get("MaxItems"), largest=LARGEST_PAGE, error="InvalidInput")
    ids = [id_of(entry) for entry in entries]
    if marker and marker not in ids:
        raise AwsError("InvalidInput", f"The marker {marker!r} is not of this list.")
    begin = ids.index(marker) if marker else 0
    following = ids[begin + size : begin + size + 1]
    return {
        name: list(entries[begin : begin + size]),
        "Marker": marker,
        "IsTruncated": bool(following),
        "MaxItems": str(size),
        "NextMarker": following[0] if following else None,
    }
