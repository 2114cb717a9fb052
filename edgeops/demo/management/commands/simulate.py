"""Make the simulated AWS misbehave: scenarios on an API's resources, faults of AWS's own services."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from edgeops.demo import simulation
from edgeops.demo.simulation import SCENARIOS, ControlError

FAULTS = (
    "throttle",
    "error_5xx",
    "unavailable",
    "access_denied",
    "delay",
    "expired_token",
    "lost_answer",
    "clock_skew",
    "partial_data",
    "internal_error",
    "forbidden",
    "small_pages",
    "too_many_in_progress",
    "reference_taken",
    "distribution_deleted",
    "unknown_status",
    "never_completes",
    "older_create_time",
)


class Command(BaseCommand):
    """`manage.py simulate scenario|fault|quotas|edge|trust|state|clear`."""

    help = "Control the simulated AWS of a running demo."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand for each thing to do."""
        actions = parser.add_subparsers(dest="action", required=True)
        scenario = actions.add_parser("scenario", help="something breaks on an API's request path")
        scenario.add_argument("scenario", choices=tuple(SCENARIOS))
        scenario.add_argument("api", help="products, catalog or orders")
        scenario.add_argument("--target", help="which resource, where there are several")
        scenario.add_argument("--minutes", type=float, help="how long; until `clear` when left out")
        scenario.add_argument("--intensity", type=float, help="share of requests, 0 to 1")
        fault = actions.add_parser("fault", help="AWS itself fails EdgeOps")
        fault.add_argument("kind", choices=FAULTS)
        fault.add_argument("service", help="as botocore names it: cloudwatch, cloudfront, elbv2, apigateway, ...")
        fault.add_argument("--operation", help="as CreateInvalidation; every operation when left out")
        fault.add_argument("--calls", type=int, help="for so many calls")
        fault.add_argument("--seconds", type=float, help="for so long")
        fault.add_argument(
            "--delay-seconds", type=float, help="for `delay`, `lost_answer`, `clock_skew` and `older_create_time`"
        )
        fault.add_argument(
            "--match", help="text in the namespace or metric name of the queries, or in the id of the distribution"
        )
        quotas = actions.add_parser("quotas", help="how much invalidating CloudFront allows")
        quotas.add_argument(
            "quotas",
            nargs="*",
            metavar="name=value",
            help="as items_per_second=150 or =off; all as at first without any",
        )
        edge = actions.add_parser("edge", help="how an API's edge and origin answer viewers and probes")
        edge.add_argument("api", help="products, catalog or orders")
        edge.add_argument(
            "switches",
            nargs="*",
            metavar="name=value",
            help="pop=FRA56-P3, waf_blocks=EdgeOps, cache_tag_header=, query_strings=none, origin_frozen=yes; "
            "=off puts one back, naming none all of them",
        )
        trust = actions.add_parser("trust", help="a role of the world's other account lets EdgeOps in")
        trust.add_argument("role_arn", help="as arn:aws:iam::345678901234:role/edgeops-reader")
        trust.add_argument("external_id", nargs="?", help="as the account's page shows it; nobody is let in without")
        actions.add_parser("state", help="what goes on, as JSON")
        actions.add_parser("clear", help="end every scenario and remove every fault")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print local AWS's answer as JSON; a refusal is an error with its reason."""
        try:
            answer = ACTIONS[options["action"]](options)
        except ControlError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(answer, indent=2))


def _given(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names if options[name] is not None}


def _start(options: dict[str, Any]) -> Any:
    return simulation.ask("POST", "scenarios", _given(options, "scenario", "api", "target", "minutes", "intensity"))


def _break(options: dict[str, Any]) -> Any:
    body = _given(options, "kind", "service", "operation", "calls", "seconds", "delay_seconds", "match")
    return simulation.ask("POST", "faults", body)


def _ration(options: dict[str, Any]) -> Any:
    """Change the named quotas; naming none puts all of them back."""
    if not options["quotas"]:
        return simulation.ask("DELETE", "quotas")
    return simulation.ask("POST", "quotas", {name: _quota(value) for name, value in _pairs(options["quotas"])})


def _quota(value: str) -> float | None:
    if value == "off":
        return None
    try:
        return float(value)
    except ValueError as error:
        raise CommandError(f"{value!r} is no number, nor `off`; write as items_per_second=150") from error


def _switch(options: dict[str, Any]) -> Any:
    """Change the named switches of an API; naming none puts all of them back."""
    if not options["switches"]:
        return simulation.ask("DELETE", f"edge/{options['api']}")
    meant = {"off": None, "yes": True, "no": False}
    switches = {name: meant.get(value, value) for name, value in _pairs(options["switches"])}
    return simulation.ask("POST", "edge", {"api": options["api"], **switches})


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def _trust(options: dict[str, Any]) -> Any:
    return simulation.ask("POST", "trust", _given(options, "role_arn", "external_id"))


def _clear(_options: dict[str, Any]) -> dict[str, Any]:
    going_on = [scenario for scenario in simulation.ask("GET", "state")["scenarios"] if scenario["is_active"]]
    ended = [simulation.ask("DELETE", f"scenarios/{scenario['id']}")["id"] for scenario in going_on]
    return {"ended": ended, **simulation.ask("DELETE", "faults")}


ACTIONS = {
    "scenario": _start,
    "fault": _break,
    "quotas": _ration,
    "edge": _switch,
    "trust": _trust,
    "state": lambda _: simulation.ask("GET", "state"),
    "clear": _clear,
}
