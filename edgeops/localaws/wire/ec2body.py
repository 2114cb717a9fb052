"""Form bodies of EC2's protocol: almost the query protocol, with capitalised names and every list flattened."""

from botocore.model import Shape

from edgeops.localaws.wire import scalars
from edgeops.localaws.wire.querybody import Tree, branch_of, tree


def read_document(shape: Shape, fields: dict[str, str]) -> object:
    """Turn form fields into parameters; raises TypeError or ValueError when a value is not of its type."""
    return read(shape, tree(fields))


def read(shape: Shape, node: Tree | str) -> object:
    """Turn one branch of the tree into a value."""
    if shape.type_name == "structure":
        branch = branch_of(node)
        return {
            name: read(member, branch[key])
            for name, member in shape.members.items()
            if (key := wire_name(member, name)) in branch
        }
    if shape.type_name == "list":
        items = branch_of(node)
        return [read(shape.member, items[index]) for index in sorted(items, key=int)]
    return scalars.from_wire(shape, node)


def wire_name(shape: Shape, name: str) -> str:
    """The name a member goes by in a request."""
    if "queryName" in shape.serialization:
        return str(shape.serialization["queryName"])
    given = str(shape.serialization.get("name", name))
    return given[:1].upper() + given[1:] if "name" in shape.serialization else given
