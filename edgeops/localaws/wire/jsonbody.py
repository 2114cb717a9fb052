"""JSON bodies: AWS JSON 1.0/1.1 and rest-json."""

import math

from botocore.model import Shape

from edgeops.localaws.wire import scalars


def read(shape: Shape, raw: object) -> object:
    """Turn decoded JSON into parameters; raises TypeError or ValueError when its form is not the shape's."""
    if shape.type_name == "structure":
        fields = _expect(raw, dict, shape)
        return {
            name: read(member, fields[key])
            for name, member in shape.members.items()
            if fields.get(key := wire_name(member, name)) is not None
        }
    if shape.type_name == "list":
        return [read(shape.member, item) for item in _expect(raw, list, shape)]
    if shape.type_name == "map":
        return {key: read(shape.value, item) for key, item in _expect(raw, dict, shape).items()}
    return scalars.from_wire(shape, raw)


def write(shape: Shape, value: object) -> object:
    """Turn a result into what json.dumps takes; members that are None are left out."""
    if shape.type_name == "structure":
        fields = _expect(value, dict, shape)
        return {
            wire_name(shape.members[name], name): write(shape.members[name], item)
            for name, item in fields.items()
            if item is not None
        }
    if shape.type_name == "list":
        if shape.member.type_name in ("timestamp", "double") and _are_numbers(value):
            return value
        return [write(shape.member, item) for item in _expect(value, list, shape)]
    if shape.type_name == "map":
        return {key: write(shape.value, item) for key, item in _expect(value, dict, shape).items()}
    return scalars.to_json(shape, value)


def wire_name(shape: Shape, name: str) -> str:
    """The name a member goes by on the wire."""
    return str(shape.serialization.get("name", name))


def _expect[T](raw: object, kind: type[T], shape: Shape) -> T:
    if not isinstance(raw, kind):
        raise TypeError(f"{shape.name} must be a {shape.type_name}, not {type(raw).__name__}")
    return raw


def _are_numbers(value: object) -> bool:
    """Epochs and finite values are JSON already; a series of 1,440 of them needs no walk."""
    return isinstance(value, list) and all(type(item) in (int, float) and math.isfinite(item) for item in value)
