"""The account form."""

import re
from typing import Any

from django import forms

from dashboards.forms.lines import MONO
from edgeops.estate import snapshot
from edgeops.estate.document import AccountDoc
from edgeops.estate.models import Account

RESERVED = ("new",)
"""Names whose address is another page's."""


class AccountForm(forms.Form):
    """Add an account, or edit `account`, whose name stays. There is no field for the ExternalId: EdgeOps makes it."""

    name = forms.CharField(
        max_length=60,
        help_text="What it is called here, as production. It stays: APIs and the estate's file name it.",
        widget=forms.TextInput(attrs=MONO),
    )
    aws_account_id = forms.CharField(
        label="AWS account id", max_length=40, help_text="12 digits.", widget=forms.TextInput(attrs=MONO)
    )
    region = forms.CharField(
        label="Home region",
        max_length=30,
        help_text="Where most of its resources are, as eu-west-1. CloudFront is read from us-east-1 anyway.",
        widget=forms.TextInput(attrs=MONO),
    )
    other_regions = forms.CharField(
        label="Further regions",
        required=False,
        help_text="In which resources are looked for too, with a space between them.",
        widget=forms.TextInput(attrs=MONO),
    )
    role_arn = forms.CharField(
        label="Role",
        required=False,
        max_length=300,
        help_text="The ARN of the role EdgeOps assumes there, as arn:aws:iam::123456789012:role/edgeops-reader. "
        "It need not exist yet: once this is saved, the account's page shows the policies to make it with. "
        "Empty: EdgeOps' own credentials reach the account.",
        widget=forms.TextInput(attrs=MONO),
    )
    monthly_budget = forms.DecimalField(
        label="Monthly budget",
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        help_text="Dollars for reading its metrics. As it is used up EdgeOps reads more rarely and says so; it never "
        "stops. Empty: no limit.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        if account is not None:
            del self.fields["name"]
            self.initial = _held(account)

    def clean_name(self) -> str:
        """A name that has an address of its own."""
        name: str = self.cleaned_data["name"]
        if name in RESERVED:
            raise forms.ValidationError(f"/settings/accounts/{name}/ is the page of another thing. Take another name.")
        return name

    def clean_other_regions(self) -> tuple[str, ...]:
        """The regions, whatever stands between them."""
        return tuple(dict.fromkeys(re.findall(r"[^\s,;]+", self.cleaned_data["other_regions"])))

    def clean(self) -> dict[str, Any]:
        """A new account may not change one that is there; sent twice, it is the same one."""
        cleaned = super().clean() or self.cleaned_data
        if self.account is None and not self.errors:
            taken = Account.objects.filter(name=cleaned["name"]).first()
            if taken is not None and snapshot.account_doc(taken) != self.document:
                self.add_error(
                    "name", f"There is an account called {taken.name} already. Take another name, or edit it."
                )
        return cleaned

    @property
    def document(self) -> AccountDoc:
        """The account as typed; only of a form whose fields could be read."""
        typed = dict(self.cleaned_data)
        name = typed.pop("name", "") if self.account is None else self.account.name
        return AccountDoc(name=name, **typed)

    def add_problem(self, place: str, problem: str) -> None:
        """Show what the domain refused beside its field; `place` is where it stands in the document."""
        field = place.split(".")[1].partition("[")[0] if "." in place else ""
        words = problem if problem.startswith("“") else f"This {problem}"
        self.add_error(field if field in self.fields else None, words)


def _held(account: Account) -> dict[str, Any]:
    return {
        "aws_account_id": account.aws_account_id,
        "region": account.region,
        "other_regions": " ".join(account.other_regions),
        "role_arn": account.role_arn,
        "monthly_budget": account.monthly_budget,
    }
