"""Form bodies of the query protocol: `A.member.1.B=v`, read into a tree in one pass."""

from urllib.parse import parse_qsl

from botocore.model import Shape

from edgeops.localaws.wire import scalars

type Tree = dict[str, "Tree | str"]


def form(body: bytes) -> dict[str, str]:
    """The fields of a form body."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def read_document(shape: Shape, fields: dict[str, str]) -> object:
    """Turn form fields into parameters; raises TypeError or ValueError when a value is not of its type."""
    return read(shape, tree(fields))


def tree(fields: dict[str, str]) -> Tree:
    """The fields by the parts of their names; raises TypeError when a name is both a value and a structure."""
    root: Tree = {}
    for key, value in fields.items():
        *parents, leaf = key.split(".")
        node = root
        for parent in parents:
            child = node.setdefault(parent, {})
            if isinstance(child, str):
                raise TypeError(f"{parent} is given both as a value and as a structure")
            node = child
        node[leaf] = value
    return root


def read(shape: Shape, node: Tree | str) -> object:
    """Turn one branch of the tree into a value."""
    if shape.type_name == "structure":
        branch = branch_of(node)
        return {
            name: read(member, branch[key])
            for name, member in shape.members.items()
            if (key := member.serialization.get("name", name)) in branch
        }
    if shape.type_name == "list":
        return _read_list(shape, node)
    if shape.type_name == "map":
        return _read_map(shape, node)
    return scalars.from_wire(shape, node)


def _read_list(shape: Shape, node: Tree | str) -> list[object]:
    if node == "":
        return []
    branch = branch_of(node)
    if not shape.serialization.get("flattened"):
        branch = branch_of(branch[shape.member.serialization.get("name", "member")])
    return [read(shape.member, branch[index]) for index in sorted(branch, key=int)]


def _read_map(shape: Shape, node: Tree | str) -> dict[object, object]:
    branch = branch_of(node)
    if not shape.serialization.get("flattened"):
        branch = branch_of(branch["entry"])
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    entries = [branch_of(branch[index]) for index in sorted(branch, key=int)]
    return {read(shape.key, entry[key_name]): read(shape.value, entry[value_name]) for entry in entries}


def branch_of(node: Tree | str) -> Tree:
    """The node as a structure; raises TypeError when it is a value."""
    if isinstance(node, str):
        raise TypeError(f"expected a structure, found {node!r}")
    return node
