"""The traces of a minute: sampled requests whose number, faults and times come from the minute's own flow."""

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

from edgeops.localaws.flows import Flow, FunctionFlow, GroupFlow, StageFlow
from edgeops.localaws.noise import unit, whole
from edgeops.localaws.spread import Spread
from edgeops.localaws.traffic import Traffic
from edgeops.localaws.world import Api

TRACES_A_MINUTE = 15
MAX_TRACES_A_MINUTE = 60
REMEMBERED_MINUTES = 20_000
OK, CACHED, CLIENT_ERROR, FAULT, TIMEOUT = "ok", "cached", "client error", "fault", "timeout"
STATUS = {OK: 200, CACHED: 200, CLIENT_ERROR: 404, FAULT: 500, TIMEOUT: 504}


@dataclass(frozen=True, slots=True)
class Trace:
    """One sampled request, from the first traced hop inwards; times in seconds, `started_at` epoch.

    `entry` is the kind of its root: rest_api, lambda or target_group (`group` names it). `url` is None where the root
    does not know it. `work_seconds` is what the code at the end of the path took.
    """

    id: str
    api: Api
    entry: str
    outcome: str
    started_at: float
    response_seconds: float
    work_seconds: float
    product: int
    url: str | None = None
    group: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status of the root."""
        if self.entry == "lambda":
            return 200  # the invocation itself is answered, whatever the function made of it
        return 502 if self.entry == "rest_api" and self.outcome == FAULT else STATUS[self.outcome]

    @property
    def is_fault(self) -> bool:
        """Whether the root failed with a 5xx."""
        return self.outcome == FAULT or (self.outcome == TIMEOUT and self.entry != "lambda")

    @property
    def is_error(self) -> bool:
        """Whether the root answered a 4xx."""
        return 400 <= self.status < 500

    @property
    def duration_seconds(self) -> float:
        """Until the last segment ended: a timed-out function works on after its caller has gone."""
        return max(self.response_seconds, self.work_seconds + 0.004 if self.outcome == TIMEOUT else 0.0)

    @property
    def services(self) -> tuple[tuple[str, str], ...]:
        """Name and type of each service it passed, the root first."""
        gateway, function = self.api.hop("rest_api"), self.api.hop("lambda")
        if self.group is not None:
            return ((self.group, "AWS::ECS::Container"), (f"{self.api.slug}-db", "Database::SQL"))
        root = ((f"{gateway.name}/{gateway.stage}", "AWS::ApiGateway::Stage"),) if gateway else ()
        if self.outcome == CACHED or function is None:
            return root
        return (
            *root,
            (function.name, "AWS::Lambda"),
            (function.name, "AWS::Lambda::Function"),
            ("DynamoDB", "AWS::DynamoDB"),
        )

    @property
    def annotations(self) -> dict[str, str]:
        """What is indexed: a REST stage tells its API."""
        gateway = self.api.hop("rest_api")
        return {"aws:api_id": gateway.id, "aws:api_stage": gateway.stage} if gateway else {}


class Tracer:
    """Makes the traces of any minute, and finds one again by its id."""

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.of_minute = lru_cache(maxsize=REMEMBERED_MINUTES)(self._of_minute)

    def find(self, trace_id: str) -> Trace | None:
        """The trace of an id: the id carries its second, its API and its number."""
        try:
            second = int(trace_id[2:10], 16)
            api = self.traffic.world.apis[int(trace_id[11:15], 16)]
            return next((trace for trace in self.of_minute(api.slug, second // 60) if trace.id == trace_id), None)
        except (ValueError, IndexError):
            return None

    def _of_minute(self, slug: str, minute: int) -> tuple[Trace, ...]:
        """All traces that began in a minute, oldest first."""
        api = self.traffic.world.api(slug)
        if api is None:
            return ()
        flow = self.traffic.flow(slug, minute)
        found: list[Trace] = []
        if flow.stage is not None and flow.function is not None and api.hop("rest_api"):
            found = self._through_stage(api, flow, flow.stage, flow.function)
        elif flow.stage is not None and flow.function is not None and api.hop("lambda"):
            found = self._through_function(api, flow, flow.stage, flow.function)
        for hop, group in zip(api.target_groups, flow.groups, strict=True):
            found += self._through_group(api, flow, replace(group, name=hop.name), len(found))
        return tuple(sorted(found, key=lambda trace: trace.started_at))

    def _through_stage(self, api: Api, flow: Flow, stage: StageFlow, function: FunctionFlow) -> list[Trace]:
        shares = {
            FAULT: function.errors,
            TIMEOUT: stage.timeouts,
            CLIENT_ERROR: stage.errors_4xx,
            CACHED: stage.cache_hits,
        }
        gateway = api.gateway
        host = f"{gateway.id if gateway else ''}.execute-api.{api.region}.amazonaws.com"
        found = []
        for trace in self._sampled(api, flow.minute, stage.count, shares, spread=function.duration, entry="rest_api"):
            url = f"https://{host}/{gateway.stage if gateway else ''}/{api.slug}/{trace.product}"
            response = {CACHED: 0.005, TIMEOUT: 29.006}.get(trace.outcome, trace.work_seconds + 0.016)
            found.append(replace(trace, url=url, response_seconds=response))
        return found

    def _through_function(self, api: Api, flow: Flow, stage: StageFlow, function: FunctionFlow) -> list[Trace]:
        """HTTP APIs are not traced: the trace begins where the function is invoked."""
        shares = {FAULT: function.errors, TIMEOUT: stage.timeouts}
        traces = self._sampled(api, flow.minute, function.invocations, shares, spread=function.duration, entry="lambda")
        return [replace(trace, response_seconds=trace.work_seconds + 0.004) for trace in traces]

    def _through_group(self, api: Api, flow: Flow, group: GroupFlow, begin: int) -> list[Trace]:
        """Load balancers are no node, and what they refused never reached a target to be traced."""
        shares = {FAULT: group.target_5xx, CLIENT_ERROR: group.errors_4xx}
        answered = group.requests - group.elb_5xx
        spread = group.response_time.times(1000)
        traces = self._sampled(api, flow.minute, answered, shares, spread=spread, entry="target_group", begin=begin)
        return [
            replace(
                trace,
                group=group.name,
                url=f"https://{api.distribution.alias}/{api.slug}/{trace.product}",
                response_seconds=trace.work_seconds,
            )
            for trace in traces
        ]

    def _sampled(
        self,
        api: Api,
        minute: int,
        count: int,
        shares: dict[str, int],
        *,
        spread: Spread,
        entry: str,
        begin: int = 0,
    ) -> list[Trace]:
        """A sample of `count` requests; each outcome gets its share of it, to within one trace."""
        usual = api.requests_per_minute * (1 - api.distribution.hit_rate)
        draw = self._draw(api, "traces", minute, begin)
        size = min(whole(count * TRACES_A_MINUTE / usual, draw), MAX_TRACES_A_MINUTE, count)
        body = replace(spread, fast_share=0.0, slow_share=0.0)
        found = []
        for number in range(size):
            index = begin + number
            position = (number + self._draw(api, "outcome", minute, index)) / size * count
            outcome = _outcome(position, shares)
            started_at = 60 * minute + 59.9 * self._draw(api, "start", minute, index)
            late = outcome == TIMEOUT
            work = spread.slow if late else body.quantile(self._draw(api, "work", minute, index))
            found.append(
                Trace(
                    id=self._id(api, started_at, index),
                    api=api,
                    entry=entry,
                    outcome=outcome,
                    started_at=started_at,
                    response_seconds=0.0,
                    work_seconds=work / 1000,
                    product=1 + int(24 * self._draw(api, "product", minute, index)),
                )
            )
        return found

    def _id(self, api: Api, started_at: float, index: int) -> str:
        place = self.traffic.world.apis.index(api)
        digest = sha256(f"{self.traffic.seed} {api.slug} {started_at} {index}".encode()).hexdigest()
        return f"1-{int(started_at):08x}-{place:04x}{index:04x}{digest[:16]}"

    def _draw(self, api: Api, label: str, minute: int, index: int) -> float:
        return unit(self.traffic.seed, f"{api.slug} trace {label}", minute, index)


def _outcome(position: float, shares: dict[str, int]) -> str:
    """Which outcome a request has whose place among all of the minute is `position`."""
    for outcome, count in shares.items():
        if position < count:
            return outcome
        position -= count
    return OK
