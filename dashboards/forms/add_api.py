"""Confirming a path that was found: what the API is called, where viewers and probes ask, and which hops it has."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import BadRequest

from dashboards.forms.hops import DIMENSIONS, MAX_POSITION, AddedHopForm, HopForm
from dashboards.forms.lines import MONO
from edgeops.estate.document import ApiDoc, DistributionDoc, HopDoc
from edgeops.estate.models import Distribution, EdgeApi, HopKind

MAX_ADDED = 20
PROBED = ("viewer_base_url", "viewer_host", "origin_probe_url")
RESERVED = ("new",)
"""Slugs whose address is another page's."""
HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*(:[0-9]{1,5})?", re.IGNORECASE)


class ApiForm(forms.Form):
    """The API's own fields; without the slug for one that is operated, whose address stays."""

    name = forms.CharField(max_length=100, help_text="As people call it: Payments API.")
    slug = forms.CharField(
        max_length=60,
        help_text="Its place in addresses, as payments in /apis/payments/; it stays when the name changes.",
        widget=forms.TextInput(attrs=MONO),
    )
    description = forms.CharField(max_length=300, required=False)
    viewer_base_url = forms.URLField(
        label="Viewers' address",
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text="Where probes ask whether an invalidation arrived. Empty: https:// and the first alias.",
        widget=forms.TextInput(attrs={"inputmode": "url", **MONO}),
    )
    viewer_host = forms.CharField(
        label="Host header",
        required=False,
        max_length=255,
        help_text="Of those probes, when it is not the address's own.",
        widget=forms.TextInput(attrs=MONO),
    )
    origin_probe_url = forms.URLField(
        label="Origin's address",
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text="Behind the distribution, for comparing ETags. Empty: they are not compared.",
        widget=forms.TextInput(attrs={"inputmode": "url", **MONO}),
    )

    def __init__(self, *args: Any, keeps_slug: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if keeps_slug:
            del self.fields["slug"]

    def applied(self, doc: ApiDoc) -> ApiDoc:
        """The API as typed; only of a valid form."""
        typed = dict(self.cleaned_data)
        probes = {name: typed.pop(name) for name in PROBED}
        return replace(doc, distribution=replace(doc.distribution, **probes), **typed)

    def clean_slug(self) -> str:
        """A slug that can be an address, and is nobody's."""
        slug: str = self.cleaned_data["slug"]
        if not re.fullmatch(r"[-a-zA-Z0-9_]+", slug):
            raise forms.ValidationError("Use letters without accents, digits, hyphens and underscores only.")
        if slug in RESERVED:
            raise forms.ValidationError(f"/apis/{slug}/ is the page of another thing. Take another slug.")
        taken = EdgeApi.objects.filter(slug=slug).first()
        if taken is not None:
            raise forms.ValidationError(f"/apis/{slug}/ is {taken.name} already. Take another slug.")
        return slug

    def clean_viewer_host(self) -> str:
        """A host name, perhaps with a port."""
        host: str = self.cleaned_data["viewer_host"]
        if host and not HOST.fullmatch(host):
            raise forms.ValidationError("A host name is wanted, as payments.example.com.")
        return host


class PathForm:
    """The whole page: one form of the API, one of each hop found, one of each hop added by hand."""

    def __init__(self, found: ApiDoc, data: Mapping[str, Any] | None = None) -> None:
        known = Distribution.objects.filter(account__name=found.account, aws_id=found.distribution.aws_id).first()
        # A distribution that is known keeps its name and how it is probed.
        self.found = found if known is None else replace(found, distribution=_as_known(found.distribution, known))
        self.errors: list[str] = []
        self.api = ApiForm(data, prefix="api", initial={**held(self.found), "slug": _free(self.found.slug)})
        self.hops = [HopForm(data, prefix=f"hop-{n}", found=hop) for n, hop in enumerate(found.hops)]
        self.added = [self._added(n, kind, data) for n, kind in enumerate(_kinds(data))]

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong that one of its forms says."""
        return any(form.errors for form in (self.api, *self.hops, *self.added))

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The kinds of hop that can be added by hand."""
        return [(kind.value, kind.label) for kind in DIMENSIONS]

    def grow(self, kind: str) -> None:
        """Show one more hop to fill in. What was typed stays, and is not judged yet."""
        if len(self.added) >= MAX_ADDED:
            self.errors.append(f"A path takes {MAX_ADDED} hops by hand at most.")
            return
        for form in (self.api, *self.hops, *self.added):
            _unbind(form)
        self.added.append(self._added(len(self.added), _addable(kind), None))

    def is_valid(self) -> bool:
        """Whether it can be adopted; each form says beside its fields why not."""
        if self.has_errors:
            return False
        hops = list(self._kept())
        if not hops:
            self.errors.append("Every hop is left out. Keep at least one, or there is nothing to read.")
        named = Counter((hop.kind, hop.name, hop.region, hop.aws_id) for hop in hops)
        twice = [(kind, name) for (kind, name, _, _), count in named.items() if count > 1]
        self.errors += [f"Two hops are {HopKind(kind).label} “{name}”. Rename one." for kind, name in twice]
        return not self.errors

    def document(self) -> ApiDoc:
        """What was confirmed; only of a valid form."""
        return replace(self.api.applied(self.found), hops=tuple(self._kept()))

    def _kept(self) -> Iterator[HopDoc]:
        kept = [*(form.hop() for form in self.hops), *(form.hop() for form in self.added)]
        return (hop for hop in kept if hop is not None)

    def _added(self, number: int, kind: HopKind, data: Mapping[str, Any] | None) -> AddedHopForm:
        last = max((hop.position for hop in self.found.hops), default=-1)
        return AddedHopForm(
            data,
            prefix=f"added-{number}",
            kind=kind,
            region=self.found.region,
            position=min(last + 1, MAX_POSITION),
        )


def held(doc: ApiDoc) -> dict[str, str]:
    """The API's own fields as they are."""
    probes = {name: getattr(doc.distribution, name) for name in PROBED}
    return {"name": doc.name, "description": doc.description, **probes}


def _as_known(found: DistributionDoc, known: Distribution) -> DistributionDoc:
    return replace(found, name=known.name, **{name: getattr(known, name) for name in PROBED})


def _free(slug: str) -> str:
    taken = {*RESERVED, *EdgeApi.objects.filter(slug__startswith=slug).values_list("slug", flat=True)}
    numbered = (f"{slug[:56]}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (slug, *numbered) if one not in taken)


def _kinds(data: Mapping[str, Any] | None) -> list[HopKind]:
    """The kind of each hop added so far, as the page sent them."""
    if data is None:
        return []
    count = data.get("added", "0")
    if not re.fullmatch(r"[0-9]{1,2}", count) or int(count) > MAX_ADDED:
        raise BadRequest("The form names a number of hops that no page of EdgeOps sends.")
    return [_addable(data.get(f"added-{number}-kind", "")) for number in range(int(count))]


def _addable(kind: str) -> HopKind:
    if kind not in DIMENSIONS:
        raise BadRequest("The form names a kind of hop that no page of EdgeOps sends.")
    return HopKind(kind)


def _unbind(form: forms.Form) -> None:
    """Show what was typed without judging it."""
    if form.is_bound:
        form.initial = {name: form[name].data for name in form.fields}
        form.is_bound = False
