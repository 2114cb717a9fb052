"""How AWS says no: the code, status and words of a refusal differ by service, and each service keeps to its own."""

import re

from edgeops.localaws.wire import models
from edgeops.localaws.wire.messages import AwsError, Params

JSON = ("apigateway", "apigatewayv2", "lambda", "resourcegroupstaggingapi", "wafv2", "xray")
ACTION_PREFIX = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
"""Where IAM's name of a service is not botocore's."""
GATEWAYS = ("apigateway", "apigatewayv2")
THROTTLED = {
    "apigateway": ("TooManyRequestsException", "Too Many Requests", 429),
    "apigatewayv2": ("TooManyRequestsException", "Too Many Requests", 429),
    "cloudwatch": ("ThrottlingException", "Rate exceeded", 400),
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "lambda": ("TooManyRequestsException", "Rate exceeded", 429),
    "resourcegroupstaggingapi": ("ThrottledException", "Rate exceeded", 400),
    "wafv2": ("ThrottlingException", "Rate exceeded", 400),
    "xray": ("ThrottledException", "Rate exceeded", 429),
}


def throttled(service: str) -> AwsError:
    """Too many requests of an account."""
    code, message, status = THROTTLED.get(service, ("Throttling", "Rate exceeded", 400))
    return AwsError(code, message, status=status)


def failed(_service: str) -> AwsError:
    """AWS broke while it worked on the request."""
    words = "The request processing has failed because of an unknown error, exception or failure."
    return AwsError("InternalFailure", words, status=500)


def unavailable(_service: str) -> AwsError:
    """AWS did not take the request in; the same one may succeed in a moment."""
    return AwsError(
        "ServiceUnavailable", "The request has failed due to a temporary failure of the server.", status=503
    )


def expired(service: str) -> AwsError:
    """Temporary credentials that have ended."""
    if service == "ec2":
        return AwsError("RequestExpired", "Request has expired.")
    code = "ExpiredTokenException" if service in (*JSON, "cloudwatch") else "ExpiredToken"
    return AwsError(code, "The security token included in the request is expired", status=403)


def unknown_token(service: str) -> AwsError:
    """Credentials AWS does not know here: made up, or good but of an account that has not enabled the region."""
    if service == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", status=401)
    code = "UnrecognizedClientException" if service in JSON else "InvalidClientTokenId"
    return AwsError(code, "The security token included in the request is invalid.", status=403)


def denied(service: str, operation: str, params: Params, *, caller: str, account_id: str, region: str) -> AwsError:
    """An action no policy allows; the message names who, which IAM action and, where the service says so, on what."""
    if service in GATEWAYS:
        action, resource = _gateway(service, operation, params, region)
    else:
        action = f"{ACTION_PREFIX.get(service, service)}:{operation}"
        resource = _resource(service, params, account_id)
    message = not_authorized(caller, action, resource)
    if service == "ec2":
        return AwsError(
            "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", status=403
        )
    status = 400 if service in ("wafv2", "resourcegroupstaggingapi") else 403
    return AwsError("AccessDeniedException" if service in JSON else "AccessDenied", message, status=status)


def not_authorized(caller: str, action: str, resource: str) -> str:
    """AWS's sentence for a missing permission."""
    on = f" on resource: {resource}" if resource else ""
    return (
        f"User: {caller} is not authorized to perform: {action}{on} "
        f"because no identity-based policy allows the {action} action"
    )


def no_such_distribution() -> AwsError:
    """A distribution that is not there, or is another account's."""
    return AwsError("NoSuchDistribution", "The specified distribution does not exist.", status=404)


def no_such_entity() -> AwsError:
    """A tenant, or another of CloudFront's newer things, that is not there."""
    return AwsError("EntityNotFound", "The entity was not found.", status=404)


def reference_taken() -> AwsError:
    """A caller reference that came before with other items; botocore's model does not know this code."""
    message = "An invalidation batch with this caller reference and other paths already exists."
    return AwsError("InvalidationBatchAlreadyExists", message)


def too_many_in_progress(what: str) -> AwsError:
    """A distribution without room for more invalidation at once; `what` names whose maximum it is."""
    message = f"Processing your request will cause you to exceed the maximum number of in-progress {what}."
    return AwsError("TooManyInvalidationsInProgress", message)


def _resource(service: str, params: Params, account_id: str) -> str:
    if service == "cloudfront":
        return _of_cloudfront(params, account_id)
    if service == "sts":
        return str(params.get("RoleArn", ""))
    return "*" if service == "lambda" else ""


def _of_cloudfront(params: Params, account_id: str) -> str:
    named = params.get("DistributionId") or params.get("DistributionTenantId") or params.get("Id") or ""
    kind = "distribution-tenant" if named.startswith("dt_") else "distribution"
    return f"arn:aws:cloudfront::{account_id}:{kind}/{named}" if named else ""


def _gateway(service: str, operation: str, params: Params, region: str) -> tuple[str, str]:
    """API Gateway's management is allowed by HTTP verb and path, for both of its versions alike."""
    model = models.service_model(service).operation_model(operation)
    labels = {
        member.serialization.get("name", name): str(params.get(name, ""))
        for name, member in (model.input_shape.members if model.input_shape else {}).items()
        if member.serialization.get("location") == "uri"
    }
    path = re.sub(r"{(\w+)\+?}", lambda found: labels[found[1]], model.http["requestUri"].partition("?")[0])
    return f"apigateway:{model.http['method']}", f"arn:aws:apigateway:{region}::{path.removeprefix('/v2')}"
