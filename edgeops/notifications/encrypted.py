"""What is encrypted at rest here: the secrets that messages to webhooks are signed with."""

from edgeops.notifications.models import Channel
from edgeops.rotation import Column

COLUMNS = (Column(Channel, "encrypted_secret", named_by=("name",)),)
