"""boto3 clients, made once per process, service and region, with every time-out and retry stated.

Credentials and `AWS_ENDPOINT_URL` come through the standard chain. Retries beyond these are rows, not sleeping threads.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# Called once for every request that left: service, operation, billed units (metrics requested, paths, traces scanned).
type Meter = Callable[[str, str, int], None]

CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
    user_agent_extra="edgeops",
)


@cache
def client(service: str, region: str) -> Any:
    """The client of a service in a region; clients are thread-safe, sessions are not, so each has its own session."""
    return boto3.session.Session(region_name=region).client(service, config=CONFIG)
