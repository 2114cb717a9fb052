"""What the name of a host says of what answers there. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistS3AndCustomOrigins.html
"""

import re
from dataclasses import dataclass
from enum import StrEnum

REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"


class Answers(StrEnum):
    """What can be told from a name alone."""

    API = "an API of API Gateway"
    BALANCER = "a load balancer"
    FUNCTION = "a Lambda function URL"
    BUCKET = "an S3 bucket"


@dataclass(frozen=True, slots=True)
class Host:
    """A name of AWS's own; `resource` is the API's id or the bucket, where the name tells it."""

    name: str
    answers: Answers
    region: str
    resource: str = ""


PATTERNS = (
    (Answers.API, rf"(?P<resource>[a-z0-9]+)\.execute-api\.{REGION}\.amazonaws\.com"),
    (Answers.BALANCER, rf"[a-z0-9-]+\.{REGION}\.elb\.amazonaws\.com"),
    (Answers.BALANCER, rf"[a-z0-9-]+\.elb\.{REGION}\.amazonaws\.com"),
    (Answers.FUNCTION, rf"[a-z0-9]+\.lambda-url\.{REGION}\.on\.aws"),
    (Answers.BUCKET, rf"(?P<resource>.+)\.s3(?:-website)?[.-](?:dualstack\.)?{REGION}\.amazonaws\.com"),
    (Answers.BUCKET, r"(?P<resource>.+)\.s3\.amazonaws\.com"),
)
KNOWN = tuple((answers, re.compile(pattern)) for answers, pattern in PATTERNS)


def parse(name: str) -> Host | None:
    """What answers at a host; None when its name is nobody's in particular."""
    bare = name.lower().rstrip(".").removeprefix("dualstack.")
    for answers, pattern in KNOWN:
        if found := pattern.fullmatch(bare):
            parts = found.groupdict()
            return Host(bare, answers, parts.get("region") or "", parts.get("resource") or "")
    return None
