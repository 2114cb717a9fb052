"""From an event to requests: pins, repeats, then each rule; what came of it is told for the event log."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from edgeops.access.audit import Actor
from edgeops.invalidations import asking
from edgeops.invalidations.asking import AskingError
from edgeops.invalidations.items import named
from edgeops.invalidations.models import Request, Source
from edgeops.webhooks import pausing, pins, repeats, rules, trying
from edgeops.webhooks.models import DeliveryVerdict, Rule, WebhookDelivery
from edgeops.webhooks.trying import Document, Trial

type Trials = list[tuple[Rule, Trial]]

MAX_EVENT_LENGTH = 100
# Where senders name their event: in a header, or in a field of the body.
EVENT_HEADERS = ("x-github-event", "x-shopify-topic", "x-contentful-topic", "x-strapi-event")
EVENT_FIELDS = ("type", "event", "detail-type", "Type")


@dataclass
class Run:
    """What the rules of one delivery came to."""

    event: str = ""
    verdict: DeliveryVerdict | None = None
    same_as: WebhookDelivery | None = None
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)

    @property
    def state(self) -> DeliveryVerdict:
        """An error is told before a success: somebody must look at it."""
        if self.verdict is not None:
            return self.verdict
        if self.errors:
            return DeliveryVerdict.RULE_ERROR
        return DeliveryVerdict.PROCESSED if self.requests else DeliveryVerdict.IGNORED

    @property
    def outcome(self) -> str:
        """In words."""
        waiting = f"No enabled rule waits for {self.event!r}." if self.event else "No enabled rule waits for this."
        return " ".join([*self.errors, *self.told]) or waiting

    def end(self, verdict: DeliveryVerdict, why: str) -> "Run":
        """Nothing is asked for."""
        self.verdict, self.told = verdict, [why]
        return self


def trials(todays: Sequence[Rule], document: Document) -> Trials:
    """What each of today's rules makes of an event. It may take a while, so no transaction is open."""
    found = [(rule, trying.try_rule(rules.definition_of(rule), document)) for rule in todays]
    return [(rule, trial) for rule, trial in found if trial.matches]


def apply(delivery: WebhookDelivery, document: Document, found: Trials, *, now: datetime) -> Run:
    """Ask for what the rules make of an event. Inside the transaction that also ends the delivery."""
    done = Run(event=event_name(document))
    if why := pins.mismatch(delivery.endpoint.pins, document):
        return done.end(DeliveryVerdict.MISMATCHED, why)
    # Somebody who has a delivery run again means it; only what merely arrives is held to the budget.
    first = None if delivery.rerun_by else repeats.earlier(delivery)
    if first is not None:
        done.same_as = first
        # A delay is counted from each post, so a request made for an earlier one may go too soon for this.
        wanted = [item for _, trial in found for item in trial.items]
        if repeats.is_joined(first, wanted) and not any(_not_before(rule, delivery) for rule, _ in found):
            return done.end(DeliveryVerdict.JOINED, f"Same body as delivery {first.pk}, whose invalidation is unsent.")
        if repeats.is_over_budget(delivery, now):
            budget = f"{delivery.endpoint.replay_budget} repeats an hour are used up"
            return done.end(DeliveryVerdict.REPEATED, f"Same body as delivery {first.pk}, and {budget}.")
    for rule, trial in found:
        _ask(rule, trial, delivery, done, now)
    return done


def event_name(document: Document) -> str:
    """What the sender calls the event, for the log; empty when it says nothing that can be shown."""
    body = document.body if isinstance(document.body, dict) else {}
    named_by = [*(document.headers.get(name) for name in EVENT_HEADERS), *(body.get(name) for name in EVENT_FIELDS)]
    texts = (text for text in named_by if isinstance(text, str) and text.isprintable())
    return next((text for text in texts if 0 < len(text) <= MAX_EVENT_LENGTH), "")


def _ask(rule: Rule, trial: Trial, delivery: WebhookDelivery, done: Run, now: datetime) -> None:
    version = rule.current.number if rule.current else 0
    name = f"{rule.name} v{version}"
    done.errors += [f"Rule {name}: {problem}" for problem in trial.problems]
    request = _requested(rule, name, trial, delivery, done, now=now) if trial.items else None
    if request is not None:
        done.requests.append(request)
        done.told.append(f"Rule {name}: {named(trial.items)}")
    elif not trial.problems and not trial.items:
        done.told.append(f"Rule {name}: {' '.join(trial.explanation)}")
    done.rules.append(
        {
            "rule": rule.name,
            "version": version,
            "items": len(trial.items),
            "request": str(request.pk) if request else None,
            "problems": list(trial.problems),
            "explanation": list(trial.explanation),
        }
    )


def _requested(
    rule: Rule, name: str, trial: Trial, delivery: WebhookDelivery, done: Run, *, now: datetime
) -> Request | None:
    endpoint = delivery.endpoint
    again = f":{delivery.reruns}" if delivery.reruns else ""
    by = f", run again by {delivery.rerun_by}" if delivery.rerun_by else ""
    try:
        return asking.ask(
            distribution=endpoint.distribution,
            tenant=endpoint.tenant,
            items=trial.items,
            actor=_actor(delivery),
            lane=pausing.lane(endpoint),
            source=Source.WEBHOOK,
            reason=f"{done.event or 'event'} ({delivery.message_id or f'delivery {delivery.pk}'}){by}",
            idempotency_key=f"{delivery.pk}:{rule.pk}{again}",
            now=now,
            may_invalidate_everything=False,
            cause=("webhook_delivery", delivery.pk),
            rule=name,
            ceiling=rules.definition_of(rule).ceiling,
            not_before=_not_before(rule, delivery),
        )
    except AskingError as error:
        done.errors.append(f"Rule {name}: {error}")
        return None


def _actor(delivery: WebhookDelivery) -> Actor:
    """Who asks: the endpoint, or whoever had the delivery run again, who then is no second person to approve it."""
    if delivery.rerun_by:
        return Actor(kind="user", name=delivery.rerun_by)
    return Actor(kind="webhook", name=delivery.endpoint.name, address=delivery.address)


def _not_before(rule: Rule, delivery: WebhookDelivery) -> datetime | None:
    """When a rule's request may be sent at the earliest; None: at once."""
    seconds = rules.definition_of(rule).not_before_seconds
    return delivery.received_at + timedelta(seconds=seconds) if seconds else None
