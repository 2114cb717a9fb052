"""How a channel reaches somebody: one transport a file, each a `send` of the same shape.

To add one: a file with `send(channel, message, *, now) -> Outcome` that raises TransportError, a member of
`models.Transport`, a line here, a form field where its address needs one.
"""

from collections.abc import Mapping

from edgeops.notifications.models import Transport
from edgeops.notifications.transports import email, webhook
from edgeops.notifications.transports.base import Send

TRANSPORTS: Mapping[str, Send] = {Transport.EMAIL: email.send, Transport.WEBHOOK: webhook.send}
