"""The demo's world as EdgeOps reads it: accounts, distributions, APIs and hops with their CloudWatch dimensions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edgeops.estate.models import HopKind

WORLD = Path(__file__).with_name("estate.yaml")


@dataclass(frozen=True)
class HopSeed:
    """One resource on a request path; `region` None means the account's."""

    kind: HopKind
    name: str
    dimensions: Mapping[str, str]
    position: int
    region: str | None = None


def read(path: Path = WORLD) -> dict[str, Any]:
    """The whole file."""
    with path.open() as file:
        world: dict[str, Any] = yaml.safe_load(file)
    return world


def account_ids() -> list[str]:
    """The ids of all accounts of the file; any of them may be added to a demo by hand."""
    world = read()
    return [account["id"] for account in (world["account"], *world["accounts"])]


def operated(world: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The APIs EdgeOps starts with; the others are there to be discovered."""
    return [api for api in world["apis"] if api.get("operated", True)]


def hops(api: Mapping[str, Any]) -> list[HopSeed]:
    """Every hop of an API, the viewer's side first; hops of one kind stand side by side in a column."""
    aws_id = api["distribution"]["id"]
    found = [
        HopSeed(
            HopKind.CLOUDFRONT, aws_id, {"DistributionId": aws_id, "Region": "Global"}, position=0, region="us-east-1"
        )
    ]
    for hop in api["hops"]:
        kind = HopKind(hop["kind"])
        position = found[-1].position + (kind != found[-1].kind)
        found.append(HopSeed(kind, hop["name"], dimensions(kind, hop, api["hops"]), position))
    return found


def dimensions(kind: HopKind, hop: Mapping[str, Any], path: list[Mapping[str, Any]]) -> dict[str, str]:
    """The dimensions CloudWatch publishes a resource's metrics under."""
    match kind:
        case HopKind.REST_API:
            return {"ApiName": hop["name"], "Stage": hop["stage"]}
        case HopKind.HTTP_API:
            return {"ApiId": hop["id"], "Stage": hop["stage"]}
        case HopKind.ALB:
            return {"LoadBalancer": f"app/{hop['name']}/{hop['id']}"}
        case HopKind.TARGET_GROUP:
            balancer = next(other for other in path if other["kind"] == HopKind.ALB)
            return {
                "LoadBalancer": f"app/{balancer['name']}/{balancer['id']}",
                "TargetGroup": f"targetgroup/{hop['name']}/{hop['id']}",
            }
        case HopKind.LAMBDA:
            return {"FunctionName": hop["name"]}
    raise ValueError(f"{kind} is no resource of its own in the world's file")
