"""A CloudWatch in memory: it answers what it was told, and remembers what it was asked."""

from dataclasses import dataclass, field
from datetime import timedelta

from edgeops.aws import cloudwatch
from edgeops.aws.cloudwatch import Answer, Result, Status


@dataclass
class FakeCloudWatch:
    """Values by metric and statistic, each a mapping from the start of a bucket to its value."""

    datapoints: dict = field(default_factory=dict)
    statuses: dict = field(default_factory=dict)
    silent: set = field(default_factory=set)
    failures: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    on_call: list = field(default_factory=list)
    clock_ahead: float | None = None

    def report(self, metric, start, values, *, statistic="Sum"):
        """One value a minute from `start`; None reports nothing."""
        known = self.datapoints.setdefault((metric, statistic), {})
        for index, value in enumerate(values):
            if value is not None:
                known[(start + timedelta(minutes=index)).timestamp()] = value

    def fail_once(self, error):
        self.failures.append(error)

    def get_metric_data(self, region, queries, *, period, start, end, meter, access):
        self.asked.append(
            {"region": region, "queries": queries, "period": period, "start": start, "end": end, "access": access}
        )
        for act in self.on_call:
            act()
        is_billed = not self.failures
        meter("cloudwatch", "GetMetricData", len(queries) * is_billed, cloudwatch.at_least(queries) * is_billed)
        if self.failures:
            raise self.failures.pop(0)
        results = [self._result(query, start, end) for query in queries if query.metric not in self.silent]
        return Answer(results, self.clock_ahead)

    def _result(self, query, start, end):
        known = self.datapoints.get((query.metric, query.statistic), {})
        pairs = [(at, value) for at, value in sorted(known.items()) if start.timestamp() <= at < end.timestamp()]
        return Result(
            query.id,
            self.statuses.get(query.metric, Status.COMPLETE),
            tuple(at for at, _ in pairs),
            tuple(value for _, value in pairs),
        )
