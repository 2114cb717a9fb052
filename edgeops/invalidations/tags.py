"""Cache tags: `#product:7` names every object its origin has marked so, in one item.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html
"""

import re

from edgeops.invalidations.item_errors import ItemError
from edgeops.invalidations.site import Site

MAX_LENGTH = 256
UNFIT = re.compile(r"[^\x21-\x7e]")


def read(text: str, site: Site) -> tuple[str, list[str]]:
    """The tag as it is sent, `#` in front, and what changed on the way; raises ItemError."""
    tag = text[1:]
    if not tag:
        raise ItemError(text, "A tag has a name behind the #.")
    if "," in tag:
        first = tag.partition(",")[0].strip()
        raise ItemError(text, "A comma parts tags; name one tag a line.", f"#{first}" if first else "")
    if UNFIT.search(tag):
        raise ItemError(
            text, "A tag has no spaces and only ASCII characters.", f"#{UNFIT.sub('', tag)}" if tag.strip() else ""
        )
    if "*" in tag:
        raise ItemError(text, "A tag matches exactly: a * in it is no wildcard. Name each tag, or a path with *.")
    if len(tag) > MAX_LENGTH:
        raise ItemError(text, f"It has {len(tag)} characters; CloudFront takes {MAX_LENGTH}.")
    site.check_tags(text)
    sent = f"#{tag.lower()}"
    return sent, [] if sent == text else ["tags know no upper case: sent in lower case"]
