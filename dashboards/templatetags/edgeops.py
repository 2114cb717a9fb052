"""How times and numbers are written, and the links of the rail.

None is missing and is written as a dash, never as 0. Ages carry their instant, so that `static/js/ages.js` keeps them
true; its wording matches `_age_words` here.
"""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import navigation, ranges

register = template.Library()
MISSING = "–"
AGE_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@register.simple_tag(takes_context=True)
def rail(context: dict[str, Any]) -> navigation.Rail:
    """The links of the left rail, as this person may see them; the page's own is marked."""
    request = context.get("request")
    return navigation.rail(request) if request is not None else navigation.Rail(pages=[], apis=[])


@register.simple_tag
def range_links(time_range: ranges.TimeRange) -> list[navigation.Link]:
    """The quick ranges, the shown one marked."""
    return [navigation.Link(name, f"?range={name}", "true" if name == time_range.name else "") for name in ranges.QUICK]


@register.filter
def address(identity: object, kind: str) -> str:
    """The address of the page of `kind`: {{ rule.pk|address:"alarm" }}."""
    return navigation.address(kind, identity)


@register.filter
def when(moment: datetime | None) -> str | SafeString:
    """The instant in UTC, and how long ago that is."""
    if moment is None:
        return MISSING
    today = timezone.now().date()
    shape = "%H:%M:%S UTC" if moment.date() == today else "%Y-%m-%d %H:%M UTC"
    return format_html(
        '<time datetime="{}" title="{}">{} <span class="muted" data-ago="{}">{}</span></time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        f"{moment:{shape}}",
        moment.isoformat(),
        _age_words(moment),
    )


@register.filter
def age(moment: datetime | None) -> str | SafeString:
    """How long ago, with the instant on hover."""
    if moment is None:
        return MISSING
    return format_html(
        '<time datetime="{}" title="{}" data-ago="{}">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        moment.isoformat(),
        _age_words(moment),
    )


@register.filter
def compact(number: float | None) -> str:
    """Three significant digits and a unit letter: 1.2k, 3.45M."""
    if number is None:
        return MISSING
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{_significant(number / size)}{letter}"
    return _significant(number)


@register.filter
def percent(number: float | None) -> str:
    """A number that already is in percent: 0.42 %."""
    return MISSING if number is None else f"{_significant(number)} %"


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in the unit a person would say them in: 420 ms, 1.3 s, 4 min, 2 h 5 min."""
    if seconds is None:
        return MISSING
    if abs(seconds) < 1:
        return f"{_significant(seconds * 1000)} ms"
    if abs(seconds) < 60:
        return f"{_significant(seconds)} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _significant(number: float) -> str:
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _age_words(moment: datetime) -> str:
    seconds = (timezone.now() - moment).total_seconds()
    size = abs(seconds)
    if size < 5:
        return "now"
    length, unit = next(pair for pair in AGE_UNITS if size >= pair[0])
    words = f"{int(size // length)} {unit}"
    return f"in {words}" if seconds < 0 else f"{words} ago"
