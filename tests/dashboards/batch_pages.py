"""Reading the page of an invalidation: its address, its text, its table of batches."""

import re

from django.urls import reverse


def text(response):
    """With single spaces."""
    return re.sub(r"\s+", " ", response.content.decode())


def page_of(request):
    """Its address."""
    return reverse("invalidation", args=[request.uuid])


def rows(page):
    """The table of batches, as texts of its cells."""
    table = page[page.index('id="batches-title"') :]
    table = table[: table.index("</table>")]
    found = re.findall(r"<tr>(.*?)</tr>", table)
    cells = [re.findall(r"<(?:td|th scope|th class=\"nowrap\")[^>]*>(.*?)</t[dh]>", row) for row in found]
    return [[re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in row] for row in cells][1:]
