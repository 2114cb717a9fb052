"""How templates write times and numbers, and the links around a page.

Ages carry their instant, so that `static/js/ages.js` keeps them true on a page that nobody reloads.
"""

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import navigation, ranges, wording

register = template.Library()


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
        return wording.MISSING
    today = timezone.now().date()
    shape = "%H:%M:%S UTC" if moment.date() == today else "%Y-%m-%d %H:%M UTC"
    return format_html(
        '<time datetime="{}" title="{}">{} <span class="muted" data-ago="{}">{}</span></time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        f"{moment:{shape}}",
        moment.isoformat(),
        wording.age(moment, timezone.now()),
    )


@register.filter
def age(moment: datetime | None) -> str | SafeString:
    """How long ago, with the instant on hover."""
    if moment is None:
        return wording.MISSING
    return format_html(
        '<time datetime="{}" title="{}" data-ago="{}">{}</time>',
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        moment.isoformat(),
        wording.age(moment, timezone.now()),
    )


for written in (wording.compact, wording.count, wording.percent, wording.duration, wording.dollars, wording.between):
    register.filter(written.__name__, written)
