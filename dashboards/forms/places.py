"""Naming what is meant: a distribution, and one of its tenants where it is for tenants."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property

from dashboards.forms.lines import MONO
from dashboards.narrowing import number
from edgeops.estate.models import Distribution
from edgeops.invalidations import configs, tenants
from edgeops.invalidations.models import DistributionConfig, Place, Tenant
from edgeops.invalidations.refusals import TenantRefusedError

OFFERED = 500
BEING_READ = "EdgeOps reads them now; try again in a few seconds."


class PlaceForm(forms.Form):
    """A form that asks for a distribution; of one that is for tenants, shown as soon as it is chosen, for the tenant.

    A distribution may have thousands: one is named by its name, id or domain, and the first few hundred are offered.
    """

    distribution = forms.ModelChoiceField(Distribution.objects.order_by("name"))
    tenant = forms.CharField(
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={**MONO, "list": "tenants"}),
        help_text="The distribution is for tenants, each with a cache of its own: the name, id or a domain of one.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.config = self._config()
        if self.config is None:
            del self.fields["tenant"]

    @property
    def place(self) -> Place | None:
        """What is meant; None while that is not said."""
        return self.cleaned_data.get("tenant") or self.cleaned_data.get("distribution")

    @cached_property
    def offered(self) -> list[Tenant]:
        """The first tenants by name, to choose from."""
        if self.config is None:
            return []
        return list(Tenant.objects.present().filter(distribution=self.config.distribution_id)[:OFFERED])

    def clean_tenant(self) -> Tenant | None:
        """The one that is named; of one that is not known, CloudFront is asked anew."""
        text: str = self.cleaned_data["tenant"].strip()
        distribution = self.cleaned_data.get("distribution")
        if distribution is None or self.config is None:
            return None
        if not text and self.offered:
            raise forms.ValidationError("Say which of its tenants is meant.")
        try:
            return tenants.find(distribution, text)
        except TenantRefusedError as error:
            configs.ask_anew(distribution, timezone.now())
            words = str(error) if text else "EdgeOps knows none of its tenants yet."
            raise forms.ValidationError(f"{words} {self.config.last_error or BEING_READ}") from error

    def _config(self) -> DistributionConfig | None:
        """Of the chosen distribution, where it is for tenants."""
        chosen = number(str(self["distribution"].value() or ""))
        return DistributionConfig.objects.filter(distribution=chosen, is_for_tenants=True).first()
