"""What anybody writes first: boto3 as it comes, five threads, every answer thrown away."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3

from edgeops.metrics.models import PollBatch, Series

THREADS = 5

type Request = tuple[str, dict[str, Any]]
"""Region and parameters."""


def requests(batches: Iterable[PollBatch]) -> list[Request]:
    """What EdgeOps asks for in these batches: the same queries over the same windows."""
    return [(batch.region, _parameters(batch)) for batch in batches]


def _parameters(batch: PollBatch) -> dict[str, Any]:
    queries = [
        {
            "Id": f"s{one.pk}",
            "MetricStat": {
                "Metric": {
                    "Namespace": one.namespace,
                    "MetricName": one.metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in one.dimensions.items()],
                },
                "Period": batch.period,
                "Stat": one.statistic,
            },
        }
        for one in Series.objects.filter(pk__in=batch.series_ids)
    ]
    return {"MetricDataQueries": queries, "StartTime": batch.start, "EndTime": batch.end}


@dataclass
class Loop:
    """The loop with its clients and threads, made once."""

    url: str
    clients: dict[str, Any] = field(default_factory=dict)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS))

    def fetch(self, wanted: list[Request]) -> int:
        """Read every page of every request; how many datapoints came."""
        for region in {region for region, _ in wanted} - self.clients.keys():
            self.clients[region] = boto3.client("cloudwatch", region_name=region, endpoint_url=self.url)
        return sum(self.threads.map(self._fetch, wanted))

    def _fetch(self, request: Request) -> int:
        region, parameters = request
        count, more = 0, {}
        while True:
            page = self.clients[region].get_metric_data(**parameters, **more)
            count += sum(len(result["Values"]) for result in page["MetricDataResults"])
            if not page.get("NextToken"):
                return count
            more = {"NextToken": page["NextToken"]}
