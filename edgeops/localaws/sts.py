"""STS: who is calling."""

from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import Params


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of STS, by name."""

    def get_caller_identity(_params: Params, _context: Context) -> Params:
        account_id = simulation.world.account.id
        return {
            "UserId": "AROALOCALAWSEDGEOPS00:local",
            "Account": account_id,
            "Arn": f"arn:aws:sts::{account_id}:assumed-role/EdgeOps/local",
        }

    return {"GetCallerIdentity": get_caller_identity}
