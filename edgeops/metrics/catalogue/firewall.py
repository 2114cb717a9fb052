"""AWS WAF's metrics. Sums only, and reported only when not zero; the dimension Region is left out for CloudFront.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
"""

from functools import partial

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue.entries import Entry, expand

NAMESPACE = "AWS/WAFV2"

_count = partial(Entry, read=("Sum",))
_asked = partial(Entry, also=("Sum",))

WEB_ACL = (
    _count(
        name="BlockedRequests",
        title="Blocked requests",
        headline="Sum",
        meaning="Requests a rule or the default action turned away.",
        trap="CloudFront answers them 403, so they are in its 4xx rate.",
    ),
    _count(
        name="AllowedRequests",
        title="Allowed requests",
        meaning="Requests let through.",
    ),
    _asked(
        name="CountedRequests",
        title="Counted requests",
        meaning="Matches of rules that only count.",
        trap="One request can match several; rules inside a rule group do not report here.",
    ),
    _asked(name="CaptchaRequests", title="CAPTCHA requests", meaning="Requests that CAPTCHA controls applied to."),
    _asked(name="ChallengeRequests", title="Challenge requests", meaning="Requests answered with a silent challenge."),
    _asked(
        name="PassedRequests",
        is_always_published=False,
        title="Passed requests",
        meaning="Requests that matched no rule of a rule group.",
        trap="Published for rule groups, so it stays empty for most web ACLs.",
    ),
)

METRICS = expand(HopKind.WAF, NAMESPACE, WEB_ACL)
