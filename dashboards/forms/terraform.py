"""What Terraform prints of its outputs, pasted or uploaded."""

import json
from typing import Any

from django import forms

from dashboards.forms.lines import MONO
from edgeops.discovery import terraform
from edgeops.discovery.terraform import TerraformError, TerraformOutputs


class TerraformForm(forms.Form):
    """The outputs as text or as a file; what is read of them are domains, nothing else."""

    text = forms.CharField(
        label="Outputs",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, **MONO}),
        help_text="What `terraform output -json` prints. Sensitive outputs are not looked into, and only domains are "
        "taken out; nothing of it is stored.",
    )
    file = forms.FileField(label="Or the file it was written to", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outputs: TerraformOutputs | None = None

    def clean(self) -> dict[str, Any]:
        """Read the domains out of it."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        uploaded = cleaned["file"]
        try:
            self.outputs = terraform.read(_content(uploaded) if uploaded else cleaned["text"])
        except TerraformError as error:
            self.add_error("file" if uploaded else "text", str(error))
        return cleaned

    @property
    def reduced(self) -> str:
        """What was read, as outputs again: all that has to be sent to ask once more."""
        assert self.outputs is not None  # noqa: S101 (a valid form has read them)
        named: dict[str, list[str]] = {}
        for domain in self.outputs.domains:
            named.setdefault(domain.output, []).append(domain.host)
        return json.dumps(named, indent=2)


def _content(uploaded: Any) -> str:
    if uploaded.size > terraform.MAX_BYTES:
        raise TerraformError(f"This file is larger than {terraform.MAX_BYTES // 1024} KB, which no outputs are.")
    try:
        return str(uploaded.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise TerraformError("This file is not text. Upload what `terraform output -json` printed.") from None
