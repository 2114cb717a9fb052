"""The cache of a REST API's stage: it can only be emptied as a whole.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html
"""

from edgeops.aws.apigateway import shared_pacer
from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway
from edgeops.aws.pacing import Pacer

AVAILABLE, FLUSHING, NONE = "AVAILABLE", "FLUSH_IN_PROGRESS", "NOT_AVAILABLE"
ACTION = "apigateway:DELETE"


def resource(region: str, api_id: str, stage: str) -> str:
    """What IAM must allow ACTION on, so that a stage's cache may be emptied."""
    return f"arn:aws:apigateway:{region}::/restapis/{api_id}/stages/{stage}/cache/data"


class StageCaches:
    """The stage caches of one region. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN, *, pace: Pacer | None = None) -> None:
        self._gateway = Gateway("apigateway", region, meter, access, pacer=pace or shared_pacer(access))

    def flush(self, api_id: str, stage: str) -> None:
        """Empty the whole cache of a stage; the function behind it takes every request until it has filled again."""
        action = ACTION.partition(":")[2]
        self._gateway.ask("FlushStageCache", action=action, restApiId=api_id, stageName=stage)

    def status(self, api_id: str, stage: str) -> str:
        """AWS's own word for what the cache does: one of the words above, or one of those of its making and ending."""
        answer = self._gateway.ask("GetStage", action="GET", restApiId=api_id, stageName=stage)
        return str(answer.get("cacheClusterStatus") or NONE)
