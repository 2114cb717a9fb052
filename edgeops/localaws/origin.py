"""The origins' data: products that can be read, and changed behind the edge's back so that it goes stale."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from urllib.parse import parse_qs

from edgeops.localaws.noise import unit
from edgeops.localaws.simulation import Simulation
from edgeops.localaws.state import with_product
from edgeops.localaws.wire.messages import HttpRequest, HttpResponse, Params
from edgeops.localaws.world import Api

PREFIX = "/_origin/"
TAG_HEADER = "Cache-Tag"
PRODUCTS = 24
MOVED = "old"
"""Products were once found under this name: `/products/old/7` leads to `/products/7`."""
ADJECTIVES = ("Quiet", "Bright", "Copper", "Folding", "Arctic", "Cedar")
NOUNS = ("kettle", "lamp", "backpack", "notebook", "headset", "chair", "tent", "bicycle")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an origin answers; `more` are headers of its own beside the ETag."""

    status: int
    body: bytes = b""
    etag: str = ""
    is_cacheable: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """The origin's headers."""
        return {"Content-Type": "application/json", **({"ETag": self.etag} if self.etag else {}), **self.more}

    def response(self) -> HttpResponse:
        """The answer as the origin itself gives it, uncached."""
        return HttpResponse(self.status, self.body, {**self.headers, "Cache-Control": "no-store"})


class Origin:
    """All origins of the world; each API has one collection, named after its slug."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._draws = count()

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer `/_origin/<api>/<path>`: GET reads past every cache, PUT changes one product."""
        slug, _, rest = request.path.removeprefix(PREFIX).partition("/")
        api = self._simulation.world.api(slug)
        if api is None:
            return _error(404, f"no API {slug!r} in this world").response()
        if request.method == "PUT":
            return self._put(api, f"/{rest}", request.body).response()
        if request.method in ("GET", "HEAD"):
            return self.get(api, f"/{rest}", request.query).response()
        return _error(405, "the origin takes GET and PUT").response()

    def get(self, api: Api, path: str, query: str = "") -> Answer:
        """One uncached answer; while a scenario breaks the API some of them fail, as many as it breaks."""
        failure = self._failure(api)
        if failure is not None:
            return failure
        if path == "/health":
            return _json({"status": "ok", "api": api.slug}, is_cacheable=False)
        if path in (f"/{api.slug}", f"/{api.slug}/"):
            return self._list(api, query)
        if path.startswith(moved := f"/{api.slug}/{MOVED}/"):
            return Answer(301, is_cacheable=True, more={"Location": f"/{api.slug}/{path.removeprefix(moved)}"})
        return self._one(api, path)

    def _one(self, api: Api, path: str) -> Answer:
        if (product := self._product(api, path)) is not None:
            return _json(product, more=_tags(api, [product]))
        if path.startswith(self._simulation.world.pages):
            return _json({"page": path})
        return _error(404, f"there is nothing at {path}")

    def _list(self, api: Api, query: str) -> Answer:
        limit = parse_qs(query).get("limit", ["10"])[0]
        if not limit.isdecimal():
            return _error(400, "limit must be a number")
        changed = {path for slug, path, _ in self._simulation.store.state.products if slug == api.slug}
        paths = {f"/{api.slug}/{n}" for n in range(1, PRODUCTS + 1)} | changed
        ordered = sorted(paths, key=lambda path: (len(path), path))[: int(limit)]
        items = [product for path in ordered if (product := self._product(api, path)) is not None]
        return _json({"items": items}, more=_tags(api, items))

    def _put(self, api: Api, path: str, body: bytes) -> Answer:
        name = path.removeprefix(f"/{api.slug}/")
        if name == path or not name or "/" in name:
            return _error(404, f"only /{api.slug}/<id> can be changed")
        try:
            change = json.loads(body)
        except ValueError:
            change = None
        if not isinstance(change, dict):
            return _error(400, "the body must be a JSON object")
        is_frozen = bool(self._simulation.switches(api.slug).origin_frozen)
        current = self._newest(api, path) or {"id": name, "version": 0}
        after = {**current, **change, "id": current["id"], "version": current["version"] + 1}
        self._simulation.store.change(lambda state: with_product(state, (api.slug, path, after), is_held=is_frozen))
        return _json(after)

    def _newest(self, api: Api, path: str) -> Params | None:
        """A product as it was changed last, shown or still held back."""
        held = {entry[:2]: entry[2] for entry in self._simulation.store.state.held}
        return held.get((api.slug, path)) or self._product(api, path)

    def _product(self, api: Api, path: str) -> Params | None:
        for slug, changed, body in self._simulation.store.state.products:
            if (slug, changed) == (api.slug, path):
                return body
        name = path.removeprefix(f"/{api.slug}/")
        if name == path or not name.isdecimal() or not 1 <= int(name) <= PRODUCTS or name != str(int(name)):
            return None
        return self._first_version(api, int(name))

    def _first_version(self, api: Api, number: int) -> Params:
        def draw(label: str) -> float:
            return unit(self._simulation.settings.seed, f"{api.slug} {label}", number)

        adjective = ADJECTIVES[int(draw("adjective") * len(ADJECTIVES))]
        noun = NOUNS[int(draw("noun") * len(NOUNS))]
        return {
            "id": number,
            "name": f"{adjective} {noun}",
            "price_cents": 500 + 50 * int(400 * draw("price")),
            "stock": int(120 * draw("stock")),
            "version": 1,
        }

    def _failure(self, api: Api) -> Answer | None:
        now = self._simulation.clock()
        draw = unit(self._simulation.settings.seed, "origin draw", next(self._draws))
        strength = self._simulation.traffic.strength
        if draw < strength("lambda_errors", api.slug, now, now + 1):
            return _error(502, "Internal server error")
        if draw < strength("gateway_504", api.slug, now, now + 1):
            return _error(504, "Endpoint request timed out")
        return None


def _tags(api: Api, products: Sequence[Params]) -> dict[str, str]:
    """The header that tells an answer's cache tags, where the API's origin has any."""
    tags = dict.fromkeys(tag.format(id=product["id"]) for product in products for tag in api.origin_tags)
    return {TAG_HEADER: ", ".join(tags)} if tags else {}


def _json(value: object, *, is_cacheable: bool = True, more: Mapping[str, str] | None = None) -> Answer:
    body = json.dumps(value).encode()
    return Answer(200, body, f'"{sha256(body).hexdigest()[:16]}"', is_cacheable, more or {})


def _error(status: int, message: str) -> Answer:
    return Answer(status, json.dumps({"message": message}).encode())
