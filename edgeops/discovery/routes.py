"""Which stage of an API a path reaches: by its first segment, or by the mappings of a custom domain. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
"""

import re
from collections.abc import Iterable, Sequence

from edgeops.aws.apigatewayv2 import Mapping
from edgeops.discovery.leads import Beginning

DEFAULT_STAGE = "$default"
WILDCARD = re.compile(r"[*?]")


def beginning(origin_path: str, path_pattern: str) -> Beginning:
    """With which segments everything begins that a behavior asks an origin for."""
    literal, *wildcard = WILDCARD.split(path_pattern, maxsplit=1)
    segments = f"{origin_path}/{literal.lstrip('/')}".split("/")
    return tuple(filter(None, segments[:-1] if wildcard else segments))


def rest_stages(beginnings: Iterable[Beginning], names: Sequence[str]) -> list[str]:
    """The stages of a REST API that are reached at its own host: the first segment names one."""
    return _unique(name for asked in beginnings for name in names if not asked or asked[0] == name)


def http_stages(beginnings: Iterable[Beginning], names: Sequence[str]) -> list[str]:
    """The stages of an HTTP API that are reached at its own host; `$default` answers what names no other."""
    return _unique(name for asked in beginnings for name in _http_stages(asked, names))


def mapped(beginnings: Iterable[Beginning], mappings: Sequence[Mapping]) -> list[Mapping]:
    """The mappings of a custom domain that are reached: the longest that fits, and all that may fit longer paths."""
    return _unique(one for asked in beginnings for one in _mapped(asked, mappings))


def _http_stages(asked: Beginning, names: Sequence[str]) -> list[str]:
    named = [name for name in names if asked and asked[0] == name]
    default = [name for name in names if name == DEFAULT_STAGE]
    return named or default or ([] if asked else list(names))


def _mapped(asked: Beginning, mappings: Sequence[Mapping]) -> list[Mapping]:
    keys = {one: tuple(filter(None, one.key.split("/"))) for one in mappings}
    fitting = [one for one in mappings if asked[: len(keys[one])] == keys[one]]
    deeper = [one for one in mappings if len(keys[one]) > len(asked) and keys[one][: len(asked)] == asked]
    return sorted(fitting, key=lambda one: len(keys[one]))[-1:] + deeper


def _unique[T](found: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(found))
