"""Tags of distributions, many at once.

Reference: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from collections.abc import Mapping
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway

REGION = "us-east-1"  # where the tags of CloudFront's resources are told
DISTRIBUTION = "cloudfront:distribution"
PAGE = 100


class Tags:
    """The tagging API. Every verb raises AwsError."""

    def __init__(self, meter: Meter, access: Access = OWN) -> None:
        self._gateway = Gateway("resourcegroupstaggingapi", REGION, meter, access, prefix="tag")

    def of_distributions(self, key: str = "", value: str = "") -> Mapping[str, Mapping[str, str]]:
        """The tags of distributions by ARN, or of those with one tag; what has no tags is never told."""
        wanted: dict[str, Any] = {"TagFilters": [{"Key": key, "Values": [value]}]} if key else {}
        pages = self._gateway.pages(
            "GetResources",
            after="PaginationToken",
            following="PaginationToken",
            ResourcesPerPage=PAGE,
            ResourceTypeFilters=[DISTRIBUTION],
            **wanted,
        )
        return {
            found["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
            for page in pages
            for found in page["ResourceTagMappingList"]
        }
