"""The AWS endpoint: one HTTP request in, the operation it means, its answer or AWS's own error out."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from uuid import uuid4

from edgeops.localaws import (
    apigateway,
    apigatewayv2,
    callers,
    cloudfront,
    cloudwatch,
    ec2,
    elbv2,
    faults,
    lambda_,
    refusals,
    route53,
    sts,
    tagging,
    wafv2,
    xray,
)
from edgeops.localaws.callers import Caller
from edgeops.localaws.limits import Limits
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.state import State
from edgeops.localaws.wire import models, requests, responses
from edgeops.localaws.wire.messages import AwsError, HttpRequest, HttpResponse, HungUpError


class Endpoint:
    """Answers signed AWS requests from the simulation."""

    def __init__(self, simulation: Simulation, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._simulation = simulation
        self._sleep = sleep
        self._limits = Limits()
        self._operations: Mapping[str, Mapping[str, Operation]] = {
            "apigateway": apigateway.operations(simulation),
            "apigatewayv2": apigatewayv2.operations(simulation),
            "cloudfront": cloudfront.operations(simulation),
            "cloudwatch": cloudwatch.operations(simulation),
            "ec2": ec2.operations(simulation),
            "elbv2": elbv2.operations(simulation),
            "lambda": lambda_.operations(simulation),
            "resourcegroupstaggingapi": tagging.operations(simulation),
            "route53": route53.operations(simulation),
            "sts": sts.operations(simulation),
            "wafv2": wafv2.operations(simulation),
            "xray": xray.operations(simulation),
        }

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; an AwsError becomes an answer in the protocol the request spoke."""
        request_id = str(uuid4())
        headers = {"x-amzn-RequestId": request_id}
        service = None
        protocol = requests.likely_protocol(request)
        try:
            scope = requests.scope(request)
            service = scope.service
            protocol = requests.protocol(request, models.service_model(service))
            call = requests.parse(request, scope)
            response = responses.result(call, self._run(call, headers), request_id=request_id)
        except AwsError as problem:
            response = responses.error(problem, protocol=protocol, service=service, request_id=request_id)
        return replace(response, headers={**response.headers, **headers})

    def _run(self, call: requests.Call, headers: dict[str, str]) -> dict[str, object]:
        """What the operation answers; `headers` gets what a fault puts beside it."""
        service, name = call.scope.service, call.operation.name
        self._simulation.meter.call(service, name)
        operation = self._operations.get(service, {}).get(name)
        if operation is None:
            raise requests.unknown_operation(service, name)
        _check_required(call)
        now = self._simulation.clock()
        caller = callers.identify(call.scope, self._simulation.world, now=now)
        spoiling = self._strike(call, caller, now)
        skew = sum(fault.delay_seconds for fault in spoiling if fault.kind == "clock_skew")
        if skew:
            headers["Date"] = formatdate(self._simulation.clock() + skew, usegmt=True)
        self._ration(call, caller, now)
        answer = operation(call.params, Context(self._simulation.clock(), call.scope.region, caller, spoiling))
        for fault in spoiling:
            if fault.kind == "lost_answer":
                self._sleep(fault.delay_seconds)
                raise HungUpError(fault.id)
        return answer

    def _ration(self, call: requests.Call, caller: Caller, now: float) -> None:
        """Count the call among those its account may make; refuses what is too fast, as the service does."""
        service, quotas = call.scope.service, self._simulation.store.state.quotas
        limit = self._limits.exceeded(
            service, call.operation.name, call.params, quotas, account_id=caller.account.id, now=now
        )
        if limit is not None:
            self._simulation.meter.limited(caller.account.id, limit)
            raise refusals.throttled(service)

    def _strike(self, call: requests.Call, caller: Caller, now: float) -> tuple[faults.Fault, ...]:
        """Let the faults of this operation happen: delays pass, the first error is raised; what spoils is returned."""
        service, name = call.scope.service, call.operation.name

        def denied() -> AwsError:
            who, where = {"caller": caller.arn, "account_id": caller.account.id}, call.scope.region
            return refusals.denied(service, name, call.params, **who, region=where)

        struck = self._take_faults(call, now)
        spoiling = tuple(fault for fault in struck if fault.kind in faults.SPOILING)
        for fault in struck:
            if fault.kind == "delay":
                self._sleep(fault.delay_seconds)
            elif fault not in spoiling:
                raise faults.error(fault, denied)
        return spoiling

    def _take_faults(self, call: requests.Call, now: float) -> list[faults.Fault]:
        """The faults that strike this call; each is counted down, spent ones are dropped."""
        struck: list[faults.Fault] = []
        asked = (call.scope.service, call.operation.name, call.params)

        def take(state: State) -> State:
            struck[:] = [f for f in state.faults if f.strikes(*asked) and not f.is_spent(now)]
            after = [f.after_one_call() if f in struck else f for f in state.faults]
            return replace(state, faults=tuple(f for f in after if not f.is_spent(now)))

        if self._simulation.store.state.faults:
            self._simulation.store.change(take)
        for fault in struck:
            self._simulation.meter.struck(fault.kind)
        return struck


def _check_required(call: requests.Call) -> None:
    """AWS's own clients check this before they ask; others are told."""
    shape = call.operation.input_shape
    missing = [name for name in (shape.required_members if shape else ()) if name not in call.params]
    if missing:
        raise AwsError("MissingParameter", f"The request must contain the parameter {missing[0]}.")
