"""The channel forms."""

from typing import Any

from django import forms

from edgeops.notifications import channels
from edgeops.notifications.models import Channel, Transport


class ChannelForm(forms.Form):
    """Create a channel, or edit `channel`, whose transport stays."""

    name = forms.CharField(max_length=channels.NAME_LENGTH)
    transport = forms.ChoiceField(label="Reached by", choices=Transport.choices, widget=forms.RadioSelect)
    address = forms.CharField(
        help_text="Mail addresses separated by commas, or the https:// URL to post to. "
        "EdgeOps makes the signing secret of a webhook and shows it once.",
    )
    hears_failures = forms.BooleanField(
        label="Tell of EdgeOps' own failures",
        required=False,
        help_text="An invalidation that fails or does not end, a source that is paused, a stage cache that is not "
        "flushed, a webhook delivery that cannot be applied. The same thing is told once an hour at most.",
    )
    is_enabled = forms.BooleanField(label="Enabled", required=False, initial=True)

    def __init__(self, *args: Any, channel: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        del self.fields["is_enabled" if channel is None else "transport"]

    def clean(self) -> dict[str, Any]:
        """Add the domain's own refusals beside their fields."""
        cleaned = super().clean() or {}
        if not self.errors:
            transport = self.channel.transport if self.channel else cleaned["transport"]
            problems = channels.problems_of(
                name=cleaned["name"], transport=transport, address=cleaned["address"], channel=self.channel
            )
            for field, problem in problems.items():
                self.add_error(field, problem)
        return cleaned
