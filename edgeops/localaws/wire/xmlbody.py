"""XML bodies: rest-xml both ways, and the answers of the query protocol."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

from botocore.model import Shape

from edgeops.localaws.wire import scalars


def read_document(shape: Shape, body: bytes) -> object:
    """Parse a request body; raises ValueError when it is not well-formed or not of its shape."""
    try:
        return read(shape, [ET.fromstring(body)])  # noqa: S314 -- loopback only; expat bounds entity expansion
    except ET.ParseError as error:
        raise ValueError(f"the body is not XML: {error}") from error


def read(shape: Shape, nodes: list[Element]) -> object:
    """Turn the elements of one name into a value; only a flattened list or map has several."""
    flattened = shape.serialization.get("flattened")
    if shape.type_name == "structure":
        return _read_structure(shape, nodes[0])
    if shape.type_name == "list":
        return [read(shape.member, [item]) for item in (nodes if flattened else list(nodes[0]))]
    if shape.type_name == "map":
        return dict(_read_entry(shape, entry) for entry in (nodes if flattened else list(nodes[0])))
    return scalars.from_wire(shape, nodes[0].text or "")


def write_document(shape: Shape, value: object, *, name: str, namespace: str = "") -> bytes:
    """Serialise a result under a root element."""
    holder = Element("holder")
    write(holder, shape, value, name)
    root = holder[0]
    if namespace:
        root.set("xmlns", namespace)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(ET.tostring(root, encoding="utf-8"))


def write(parent: Element, shape: Shape, value: object, name: str) -> None:
    """Append a value under its parent; members that are None are left out."""
    if shape.type_name == "structure":
        _write_structure(SubElement(parent, name), shape, value)
    elif shape.type_name == "list":
        _write_list(parent, shape, value, name)
    elif shape.type_name == "map":
        _write_map(parent, shape, value, name)
    else:
        SubElement(parent, name).text = scalars.to_text(shape, value)


def member_name(shape: Shape, name: str) -> str:
    """The element name of a member; a flattened list goes by the name of its own members."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        return str(shape.member.serialization.get("name") or shape.serialization.get("name", name))
    return str(shape.serialization.get("name", name))


def _read_structure(shape: Shape, node: Element) -> dict[str, object]:
    children: dict[str, list[Element]] = {}
    for child in node:
        children.setdefault(_local(child.tag), []).append(child)
    found: dict[str, object] = {}
    for name, member in shape.members.items():
        key = member_name(member, name)
        if member.serialization.get("xmlAttribute") and key in node.attrib:
            found[name] = node.attrib[key]
        elif key in children:
            found[name] = read(member, children[key])
    return found


def _read_entry(shape: Shape, entry: Element) -> tuple[object, object]:
    parts = {_local(child.tag): child for child in entry}
    key = parts[shape.key.serialization.get("name", "key")]
    value = parts[shape.value.serialization.get("name", "value")]
    return read(shape.key, [key]), read(shape.value, [value])


def _write_structure(node: Element, shape: Shape, value: object) -> None:
    for name, item in _mapping(value).items():
        member = shape.members[name]
        if item is None:
            continue
        if member.serialization.get("xmlAttribute"):
            node.set(member.serialization["name"], str(item))
        else:
            write(node, member, item, member_name(member, name))


def _write_list(parent: Element, shape: Shape, value: object, name: str) -> None:
    items = value if isinstance(value, Iterable) else ()
    if shape.serialization.get("flattened"):
        for item in items:
            write(parent, shape.member, item, name)
        return
    node = SubElement(parent, name)
    for item in items:
        write(node, shape.member, item, shape.member.serialization.get("name", "member"))


def _write_map(parent: Element, shape: Shape, value: object, name: str) -> None:
    flattened = shape.serialization.get("flattened")
    holder = parent if flattened else SubElement(parent, name)
    for key, item in _mapping(value).items():
        entry = SubElement(holder, name if flattened else "entry")
        write(entry, shape.key, key, shape.key.serialization.get("name", "key"))
        write(entry, shape.value, item, shape.value.serialization.get("name", "value"))


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"a result must be a dict here, not {type(value).__name__}")
    return value


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
