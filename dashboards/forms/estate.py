"""The estate as YAML, pasted or uploaded."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict

from dashboards.forms.lines import MONO
from edgeops.estate import yaml_text
from edgeops.estate.document import EstateDoc
from edgeops.estate.yaml_text import TextError


class EstateForm(forms.Form):
    """A text that says what is wanted; whatever is wrong with it, it is shown again as it was."""

    text = forms.CharField(
        label="YAML",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, **MONO}),
        help_text="As an export writes it. It may hold a part only: what it leaves out stays.",
    )
    file = forms.FileField(label="Or a file", required=False)
    remove_missing = forms.BooleanField(
        label="Remove what it leaves out",
        required=False,
        help_text="APIs and accounts that do not stand in it, with all history of their metrics, alarms and traces.",
    )

    def __init__(self, *args: Any, known_accounts: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_accounts = known_accounts
        self.wanted = EstateDoc()
        self.content = ""

    def clean(self) -> dict[str, Any]:
        """Read the estate out of it."""
        cleaned = super().clean() or self.cleaned_data
        uploaded = cleaned.get("file")
        if uploaded and cleaned.get("text", "").strip():
            self.add_error("file", "Paste a text or choose a file, not both.")
        if self.errors:
            return cleaned
        try:
            self._read(_content(uploaded) if uploaded else cleaned["text"], remove_missing=cleaned["remove_missing"])
        except TextError as error:
            self.add_error("file" if uploaded else "text", str(error))
        return cleaned

    def refuse(self, problem: str) -> None:
        """Say beside the text why it cannot be applied."""
        self.add_error("text", problem)

    def _read(self, content: str | bytes, *, remove_missing: bool) -> None:
        # A file that can be read is shown as text from here on, where it can be corrected.
        self.content = yaml_text.decoded(content)
        self.data = {**self.data.dict(), "text": self.content} if isinstance(self.data, QueryDict) else self.data
        # What is removed cannot be referred to.
        known = () if remove_missing else self.known_accounts
        self.wanted = yaml_text.load(self.content, known_accounts=known)


def _content(uploaded: Any) -> bytes:
    """No more than is needed to see that it is too much."""
    return bytes(uploaded.read(yaml_text.MAX_BYTES + 1))
