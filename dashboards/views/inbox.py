"""The demo's inbox: notifications as really received over SMTP and HTTP, and commands to try the simulated world."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards.pages import HtmxRequest, render_page
from dashboards.permissions import viewer
from edgeops.demo import inbox, senders, signing, simulation
from edgeops.demo.inbox import Message

SHOWN = 50


@dataclass(frozen=True)
class Received:
    """A message with what the page says of it; `signer` None: no channel's secret fits."""

    message: Message
    at: datetime
    title: str
    signer: str | None


@require_GET
@viewer
def page(request: HtmxRequest) -> HttpResponse:
    """Both kinds of message, newest first. Routed in the demo only."""
    context = {
        "messages_received": [
            _received(message) for message in inbox.newest(settings.STATE_DIR / "inbox", limit=SHOWN)
        ],
        "shown": SHOWN,
        "mail_port": settings.SMTP_PORT,
        "webhook_port": settings.INBOX_PORT,
    }
    if not request.htmx:  # the commands are signed once per page: text that changes cannot be copied
        context["webhook_command"] = signing.webhook_command(timezone.now())
        context["sender_commands"] = senders.commands(timezone.now())
        context["scenario_command"] = signing.scenario_command()
        context["scenarios"] = [(kind, what) for kind, what in simulation.SCENARIOS.items() if kind != "lambda_errors"]
        context["fault_command"] = signing.fault_command()
        context["refusal_command"] = signing.refusal_command()
        context["change_command"] = signing.change_command()
    return render_page(request, "demo/inbox.html", context, fragment="live")


def _received(message: Message) -> Received:
    if message.kind == "email":
        return Received(message, message.at, message.header("subject") or "(no subject)", None)
    return Received(message, message.at, f"POST {message.target}", signing.signer(message))
