"""The ledger in a sentence: who made the errors viewers got, since when, how sure that is and why not more."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards import readings, summaries, wording
from dashboards.readings import HopReadings
from edgeops.estate.models import HopKind
from edgeops.metrics import ledger
from edgeops.metrics.attribution import Producer
from edgeops.metrics.derived import GATEWAYS
from edgeops.metrics.ledger import Ledger, Share, Verdict

KINDS = {
    Producer.GATEWAY: GATEWAYS,
    Producer.BALANCER: (HopKind.ALB,),
    Producer.TARGET: (HopKind.TARGET_GROUP,),
    Producer.FUNCTION: (HopKind.LAMBDA,),
}
NAMES = {
    Producer.EDGE: "CloudFront itself",
    Producer.GATEWAY: "API Gateway",
    Producer.BALANCER: "the load balancer",
    Producer.TARGET: "the targets",
    Producer.FUNCTION: "Lambda",
    Producer.UNKNOWN: "a hop that publishes no errors",
}
CONFIDENCE = {
    "high": "Confidence: high.",
    "fair": "Confidence: fair, the bounds are wide.",
    "low": "Confidence: low, another hop may have made them.",
    "none": "EdgeOps cannot tell which.",
}
STATUSES = (502, 503, 504)


@dataclass(frozen=True)
class Finding:
    """What the API page says first of its errors; `kind` is the notice's, and `producer` who is named."""

    producer: Producer
    sentence: str
    share: str
    confidence: str
    doubts: Sequence[str]
    kind: str


def of(hops: Sequence[HopReadings], book: Ledger | None) -> Finding | None:
    """The newest trouble of the range in words; None where viewers had none, or where nothing is known of it."""
    found = ledger.trouble(book) if book is not None else None
    if book is None or found is None:
        return None
    start, end, is_over = found
    verdict = ledger.judge(book, start, end, is_over=is_over)
    return None if verdict is None else _in_words(verdict, hops)


def how_much(share: Share) -> str:
    """The bounds as one figure, or as two."""
    low, high = round(share.low), round(share.high)
    if low >= 100:
        return "All"
    return f"About {low} %" if low == high else f"About {low}–{high} %"


def _in_words(verdict: Verdict, hops: Sequence[HopReadings]) -> Finding:
    guilty = verdict.guilty
    when = f"between {verdict.start:%H:%M} and {verdict.end:%H:%M} UTC" if verdict.is_over else _since(verdict)
    was = "were" if verdict.is_over else "are"
    name = _name(guilty.producer, hops) + _status(verdict, hops)
    return Finding(
        producer=guilty.producer,
        sentence=f"{how_much(guilty)} of the 5xx viewers got {when} {was} made by {name}.",
        share=f"{wording.percent(verdict.percent)} of their requests failed.",
        confidence=CONFIDENCE[verdict.confidence],
        doubts=verdict.doubts,
        kind="info" if verdict.is_over else "error",
    )


def _since(verdict: Verdict) -> str:
    return f"since {verdict.start:%H:%M} UTC"


def _name(producer: Producer, hops: Sequence[HopReadings]) -> str:
    """With the hop's own name where only one can be meant."""
    meant = readings.of_kind(hops, *KINDS.get(producer, ()))
    return f"{NAMES[producer]} {meant[0].hop.name}" if len(meant) == 1 else NAMES[producer]


def _status(verdict: Verdict, hops: Sequence[HopReadings]) -> str:
    """The status most of a load balancer's own errors had, in brackets; nothing where none stands out."""
    if verdict.guilty.producer != Producer.BALANCER:
        return ""
    made = {status: _made(f"HTTPCode_ELB_{status}_Count", verdict, hops) for status in STATUSES}
    most = max(made, key=lambda status: made[status])
    return f" ({most})" if made[most] > _made("HTTPCode_ELB_5XX_Count", verdict, hops) / 2 else ""


def _made(metric: str, verdict: Verdict, hops: Sequence[HopReadings]) -> float:
    lines = [line for one in hops if (line := one.line(metric, "Sum")) is not None]
    return sum(summaries.total(summaries.between(line, verdict.start, verdict.end)) or 0 for line in lines)
