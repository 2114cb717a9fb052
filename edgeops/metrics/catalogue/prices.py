"""What it costs to read a metric, and to have AWS publish more of them. Dollars in us-east-1.

https://aws.amazon.com/cloudwatch/pricing/
"""

from collections.abc import Mapping

from edgeops.estate.models import HopKind
from edgeops.estate.prices import DOLLARS_PER_METRIC

MINUTES_IN_A_MONTH = 730 * 60
WATCHED_MONTH = DOLLARS_PER_METRIC * MINUTES_IN_A_MONTH
IDLE_MONTH = DOLLARS_PER_METRIC * MINUTES_IN_A_MONTH / 15
# CloudFront bills its additional metrics as eight custom metrics for each distribution, whatever the traffic.
ADDITIONAL_METRICS_MONTH = 8 * 0.30

# What AWS publishes, or can be made to, that is not offered: its dimensions are others, or it has to be paid for.
LEFT_OUT: Mapping[str, str] = {
    HopKind.CLOUDFRONT: "CloudFront publishes nothing per path, behavior, edge location or country; its logs know.",
    HopKind.REST_API: (
        "Values per method need detailed metrics, switched on for the stage (metricsEnabled) and billed as custom "
        "metrics; EdgeOps reads the stage as a whole. Two REST APIs of one name in a region share their metrics: "
        "CloudWatch knows them by name only."
    ),
    HopKind.HTTP_API: (
        "Values per route need detailed metrics, switched on for the stage (DetailedMetricsEnabled) and billed as "
        "custom metrics; EdgeOps reads the stage as a whole."
    ),
    HopKind.ALB: "The same metrics exist per Availability Zone; EdgeOps reads the balancer as a whole.",
    HopKind.TARGET_GROUP: "The same metrics exist per Availability Zone; EdgeOps reads the group as a whole.",
    HopKind.LAMBDA: "The same metrics exist per alias and version; EdgeOps reads the function as a whole.",
    HopKind.WAF: "The same counters exist per rule, country, label and attack; EdgeOps reads the web ACL as a whole.",
    HopKind.S3: "S3's request metrics are off unless configured and paid for; EdgeOps does not read them.",
    HopKind.CUSTOM_ORIGIN: "CloudWatch knows nothing of a server outside AWS; see what CloudFront saw of it.",
}
