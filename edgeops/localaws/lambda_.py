"""Lambda: functions, their configuration with its environment variables, and the URLs some of them answer at."""

from datetime import UTC, datetime

from edgeops.localaws import arns, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

LARGEST_PAGE = 50


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of Lambda, by name."""
    functions = Functions(simulation)
    return {
        "ListFunctions": functions.list_functions,
        "GetFunctionConfiguration": functions.get_function_configuration,
        "GetFunctionUrlConfig": functions.get_function_url_config,
        "ListFunctionUrlConfigs": functions.list_function_url_configs,
    }


class Functions:
    """Each method is one operation; a call sees the functions of its account and region."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def list_functions(self, params: Params, context: Context) -> Params:
        """All functions, a page at a time."""
        size = paging.size_of(params.get("MaxItems"), largest=LARGEST_PAGE, error="InvalidParameterValueException")
        page = paging.page(
            self._simulation.world.hops_of(context.account, context.region, "lambda"),
            after=params.get("Marker"),
            size=size,
            id_of=lambda place: place[1].name,
            error="InvalidParameterValueException",
        )
        return {"Functions": [self._configuration(*place) for place in page.items], "NextMarker": page.next or None}

    def get_function_configuration(self, params: Params, context: Context) -> Params:
        """One function, by its name or ARN."""
        return self._configuration(*self._find(params, context))

    def get_function_url_config(self, params: Params, context: Context) -> Params:
        """The URL of a function that has one."""
        api, hop = self._find(params, context)
        if not hop.url_id:
            raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.", status=404)
        return self._url(api, hop)

    def list_function_url_configs(self, params: Params, context: Context) -> Params:
        """The URLs of a function: none or one."""
        api, hop = self._find(params, context)
        return {"FunctionUrlConfigs": [self._url(api, hop)] if hop.url_id else []}

    def _find(self, params: Params, context: Context) -> tuple[Api, Hop]:
        asked = params["FunctionName"]
        for api, hop in self._simulation.world.hops_of(context.account, context.region, "lambda"):
            if asked in (hop.name, arns.function(api, hop), f"{api.account_id}:function:{hop.name}"):
                return api, hop
        arn = f"arn:aws:lambda:{context.region}:{context.account.id}:function:{asked}"
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", status=404)

    def _configuration(self, api: Api, hop: Hop) -> Params:
        digest = arns.hexadecimal(hop.name, 43)
        return {
            "FunctionName": hop.name,
            "FunctionArn": arns.function(api, hop),
            "Runtime": "python3.13",
            "Role": f"arn:aws:iam::{api.account_id}:role/{hop.name}",
            "Handler": "handler.handle",
            "CodeSize": 48_213,
            "Description": api.description,
            "Timeout": 30,
            "MemorySize": 512,
            "LastModified": self._since,
            "CodeSha256": f"{digest}=",
            "Version": "$LATEST",
            # Lambda tells secrets to everyone who may read a configuration; whoever reads it must not pass them on.
            "Environment": {"Variables": {"TABLE_NAME": api.slug, "DATABASE_PASSWORD": f"secret-of-{api.slug}"}},
            "TracingConfig": {"Mode": "Active"},
            "RevisionId": arns.identifier(hop.name),
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": ["arm64"],
            "EphemeralStorage": {"Size": 512},
            "LoggingConfig": {"LogFormat": "JSON", "LogGroup": f"/aws/lambda/{hop.name}"},
        }

    def _url(self, api: Api, hop: Hop) -> Params:
        return {
            "FunctionUrl": f"https://{arns.function_host(api, hop)}/",
            "FunctionArn": arns.function(api, hop),
            "AuthType": "AWS_IAM",
            "CreationTime": self._since,
            "LastModifiedTime": self._since,
            "InvokeMode": "BUFFERED",
        }

    @property
    def _since(self) -> str:
        moment = datetime.fromtimestamp(int(self._simulation.store.state.anchor), UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
