"""Segment documents of a trace, as X-Ray keeps them."""

from hashlib import sha256

from edgeops.localaws.traces import CACHED, CLIENT_ERROR, FAULT, TIMEOUT, Trace
from edgeops.localaws.wire.messages import Params

EXCEPTIONS = (
    ("ProvisionedThroughputExceededException", "The level of configured provisioned throughput was exceeded"),
    ("KeyError", "'price_cents'"),
    ("TimeoutError", "no connection to the product store within 2 s"),
)
COPIED = ("name", "start_time", "end_time", "aws", "sql", "fault")
USER_AGENT = "Amazon CloudFront"


def of(trace: Trace) -> list[Params]:
    """All segments of a trace, the root first."""
    writer = Writer(trace)
    if trace.group is not None:
        return writer.container()
    if trace.entry == "lambda":
        return writer.function(parent=None, begin=trace.started_at)
    return writer.stage()


class Writer:
    """Writes the segments of one trace; ids are drawn from the trace's own."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def stage(self) -> list[Params]:
        """API Gateway's segment with its call of the function, and what the function reports itself."""
        trace, gateway = self._trace, self._trace.api.hop("rest_api")
        if gateway is None:
            return []
        root = self._segment(f"{gateway.name}/{gateway.stage}", "AWS::ApiGateway::Stage", None)
        root |= self._http() | self._verdict() | {"annotations": trace.annotations}
        root["aws"] = {"api_gateway": {"rest_api_id": gateway.id, "stage": gateway.stage}}
        root["resource_arn"] = (
            f"arn:aws:apigateway:{self._trace.api.region}::/restapis/{gateway.id}/stages/{gateway.stage}"
        )
        if trace.outcome == CACHED:
            return [root]
        begin = trace.started_at + 0.006
        call = self._subsegment("Lambda", begin, trace.started_at + trace.response_seconds - 0.004, namespace="aws")
        call["http"] = {"response": {"status": 504 if trace.outcome == TIMEOUT else 200}}
        call |= {"fault": True} if trace.outcome == TIMEOUT else {}
        root["subsegments"] = [call]
        return [root, *self.function(parent=str(call["id"]), begin=begin + 0.002)]

    def function(self, *, parent: str | None, begin: float) -> list[Params]:
        """Lambda's two segments and the table the function reads, which X-Ray infers."""
        trace, function = self._trace, self._trace.api.hop("lambda")
        if function is None:
            return []
        end = begin + trace.work_seconds
        service = self._segment(function.name, "AWS::Lambda", parent, begin=begin, end=end + 0.002)
        service |= {"http": {"response": {"status": 200}}}
        service["resource_arn"] = self._function_arn(function.name)
        code = self._segment(function.name, "AWS::Lambda::Function", str(service["id"]), begin=begin + 0.001, end=end)
        code["aws"] = {"function_arn": self._function_arn(function.name)}
        invocation = self._subsegment("Invocation", begin + 0.001, end - 0.0005)
        read = self._read(begin + 0.002, begin + 0.001 + 0.8 * trace.work_seconds)
        invocation["subsegments"] = [read]
        if trace.outcome == FAULT:
            for part in (service, code, invocation):
                part["fault"] = True
            invocation["cause"] = self._cause()
        code["subsegments"] = [invocation, self._subsegment("Overhead", end - 0.0005, end)]
        return [service, code, self._inferred(read, "AWS::DynamoDB::Table")]

    def container(self) -> list[Params]:
        """A container behind a load balancer: it is the root, for the load balancer reports nothing."""
        trace = self._trace
        root = self._segment(trace.group or "", "AWS::ECS::Container", None)
        root |= self._http() | self._verdict()
        root["aws"] = {"ecs": {"container": f"{trace.group}-{sha256(trace.id.encode()).hexdigest()[:8]}"}}
        begin = trace.started_at
        query = self._subsegment(
            f"{trace.api.slug}-db", begin + 0.002, begin + 0.85 * trace.work_seconds, namespace="remote"
        )
        query["sql"] = {
            "database_type": "PostgreSQL",
            "url": f"postgresql://{trace.api.slug}-db.internal:5432/{trace.api.slug}",
            "sanitized_query": "SELECT id, name, price_cents, stock FROM items WHERE id = ?",
        }
        if trace.outcome == FAULT:
            query["fault"] = True
            query["cause"] = self._cause()
            root["cause"] = self._cause()
        root["subsegments"] = [query]
        return [root, self._inferred(query, "Database::SQL")]

    def _read(self, begin: float, end: float) -> Params:
        read = self._subsegment("DynamoDB", begin, end, namespace="aws")
        read["aws"] = {
            "operation": "GetItem",
            "table_name": self._trace.api.slug,
            "region": self._trace.api.region,
            "request_id": self._id("read request"),
        }
        read["http"] = {"response": {"status": 200}}
        return read

    def _segment(
        self,
        name: str,
        origin: str,
        parent: str | None,
        *,
        begin: float | None = None,
        end: float | None = None,
    ) -> Params:
        trace = self._trace
        return {
            "id": self._id(origin),
            "trace_id": trace.id,
            **({} if parent is None else {"parent_id": parent}),
            "name": name,
            "origin": origin,
            "start_time": round(trace.started_at if begin is None else begin, 6),
            "end_time": round(trace.started_at + trace.response_seconds if end is None else end, 6),
        }

    def _subsegment(self, name: str, begin: float, end: float, *, namespace: str | None = None) -> Params:
        return {
            "id": self._id(f"{name} subsegment"),
            "name": name,
            "start_time": round(begin, 6),
            "end_time": round(max(begin, end), 6),
            **({} if namespace is None else {"namespace": namespace}),
        }

    def _inferred(self, call: Params, origin: str) -> Params:
        """The segment X-Ray makes of a call to something that reports nothing itself."""
        copied = {key: value for key, value in call.items() if key in COPIED}
        return {
            "id": self._id(f"{origin} inferred"),
            "trace_id": self._trace.id,
            "parent_id": call["id"],
            "inferred": True,
            "origin": origin,
            **copied,
        }

    def _http(self) -> Params:
        client = int(sha256(self._trace.id.encode()).hexdigest()[:4], 16)
        request = {
            "url": self._trace.url,
            "method": "GET",
            "user_agent": USER_AGENT,
            "client_ip": f"203.0.113.{client % 254 + 1}",
            "x_forwarded_for": True,
        }
        return {"http": {"request": request, "response": {"status": self._trace.status}}}

    def _verdict(self) -> Params:
        if self._trace.is_fault:
            return {"fault": True}
        return {"error": True} if self._trace.outcome == CLIENT_ERROR else {}

    def _cause(self) -> Params:
        kind, message = EXCEPTIONS[int(self._id("cause"), 16) % len(EXCEPTIONS)]
        stack = [
            {"path": "/var/task/handler.py", "line": 48, "label": "handler"},
            {"path": "/var/task/products.py", "line": 112, "label": "load"},
        ]
        exception = {"id": self._id("exception"), "type": kind, "message": message, "stack": stack}
        return {"working_directory": "/var/task", "exceptions": [exception]}

    def _function_arn(self, name: str) -> str:
        return f"arn:aws:lambda:{self._trace.api.region}:{self._trace.api.account_id}:function:{name}"

    def _id(self, label: str) -> str:
        return sha256(f"{self._trace.id} {label}".encode()).hexdigest()[:16]
