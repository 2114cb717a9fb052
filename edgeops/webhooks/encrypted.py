"""What is encrypted at rest here: the secrets that posts are proven by, and the bodies of posts."""

from edgeops.rotation import Column
from edgeops.webhooks.models import EndpointSecret, WebhookDelivery

COLUMNS = (
    Column(EndpointSecret, "encrypted_secret", named_by=("endpoint__name", "label")),
    Column(WebhookDelivery, "encrypted_body"),
)
