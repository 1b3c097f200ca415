"""Errors by the code that the service sends, for codes that services send without listing them.

`aiobotantic.errors` is where they are imported from.
"""

# ruff: noqa: N818  (the names are AWS's)

from __future__ import annotations

from aiobotantic.errors import ServiceError

__all__ = [
    "COMMON_ERRORS",
    "AccessDenied",
    "AccessDeniedException",
    "AccessError",
    "BandwidthLimitExceeded",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "InternalServiceError",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidSignatureException",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "MissingParameter",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeTooSkewed",
    "SerializationException",
    "ServiceFault",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SignatureDoesNotMatch",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "UnauthorizedOperation",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
]


class ThrottlingError(ServiceError):
    """The service asks for fewer calls."""


class BandwidthLimitExceeded(ThrottlingError):
    """The service answered `BandwidthLimitExceeded`."""

    CODE = "BandwidthLimitExceeded"


class RequestLimitExceeded(ThrottlingError):
    """The service answered `RequestLimitExceeded`."""

    CODE = "RequestLimitExceeded"


class RequestThrottled(ThrottlingError):
    """The service answered `RequestThrottled`."""

    CODE = "RequestThrottled"


class RequestThrottledException(ThrottlingError):
    """The service answered `RequestThrottledException`."""

    CODE = "RequestThrottledException"


class SlowDown(ThrottlingError):
    """The service answered `SlowDown`."""

    CODE = "SlowDown"


class ThrottledException(ThrottlingError):
    """The service answered `ThrottledException`."""

    CODE = "ThrottledException"


class Throttling(ThrottlingError):
    """The service answered `Throttling`."""

    CODE = "Throttling"


class ThrottlingException(ThrottlingError):
    """The service answered `ThrottlingException`."""

    CODE = "ThrottlingException"


class TooManyRequestsException(ThrottlingError):
    """The service answered `TooManyRequestsException`."""

    CODE = "TooManyRequestsException"


class AccessError(ServiceError):
    """The service does not accept who calls, or what they may do."""


class AccessDenied(AccessError):
    """The service answered `AccessDenied`."""

    CODE = "AccessDenied"


class AccessDeniedException(AccessError):
    """The service answered `AccessDeniedException`."""

    CODE = "AccessDeniedException"


class ExpiredToken(AccessError):
    """The service answered `ExpiredToken`."""

    CODE = "ExpiredToken"


class ExpiredTokenException(AccessError):
    """The service answered `ExpiredTokenException`."""

    CODE = "ExpiredTokenException"


class IncompleteSignature(AccessError):
    """The service answered `IncompleteSignature`."""

    CODE = "IncompleteSignature"


class IncompleteSignatureException(AccessError):
    """The service answered `IncompleteSignatureException`."""

    CODE = "IncompleteSignatureException"


class InvalidClientTokenId(AccessError):
    """The service answered `InvalidClientTokenId`."""

    CODE = "InvalidClientTokenId"


class InvalidSignatureException(AccessError):
    """The service answered `InvalidSignatureException`."""

    CODE = "InvalidSignatureException"


class MissingAuthenticationToken(AccessError):
    """The service answered `MissingAuthenticationToken`."""

    CODE = "MissingAuthenticationToken"


class MissingAuthenticationTokenException(AccessError):
    """The service answered `MissingAuthenticationTokenException`."""

    CODE = "MissingAuthenticationTokenException"


class NotAuthorized(AccessError):
    """The service answered `NotAuthorized`."""

    CODE = "NotAuthorized"


class OptInRequired(AccessError):
    """The service answered `OptInRequired`."""

    CODE = "OptInRequired"


class RequestExpired(AccessError):
    """The service answered `RequestExpired`."""

    CODE = "RequestExpired"


class RequestTimeTooSkewed(AccessError):
    """The service answered `RequestTimeTooSkewed`."""

    CODE = "RequestTimeTooSkewed"


class SignatureDoesNotMatch(AccessError):
    """The service answered `SignatureDoesNotMatch`."""

    CODE = "SignatureDoesNotMatch"


class UnauthorizedOperation(AccessError):
    """The service answered `UnauthorizedOperation`."""

    CODE = "UnauthorizedOperation"


class UnrecognizedClientException(AccessError):
    """The service answered `UnrecognizedClientException`."""

    CODE = "UnrecognizedClientException"


class ServiceFault(ServiceError):
    """The service failed, or is not there."""


class InternalError(ServiceFault):
    """The service answered `InternalError`."""

    CODE = "InternalError"


class InternalFailure(ServiceFault):
    """The service answered `InternalFailure`."""

    CODE = "InternalFailure"


class InternalServerError(ServiceFault):
    """The service answered `InternalServerError`."""

    CODE = "InternalServerError"


class InternalServerException(ServiceFault):
    """The service answered `InternalServerException`."""

    CODE = "InternalServerException"


class InternalServiceError(ServiceFault):
    """The service answered `InternalServiceError`."""

    CODE = "InternalServiceError"


class ServiceUnavailable(ServiceFault):
    """The service answered `ServiceUnavailable`."""

    CODE = "ServiceUnavailable"


class ServiceUnavailableException(ServiceFault):
    """The service answered `ServiceUnavailableException`."""

    CODE = "ServiceUnavailableException"


class InvalidAction(ServiceError):
    """The service answered `InvalidAction`."""

    CODE = "InvalidAction"


class InvalidParameterCombination(ServiceError):
    """The service answered `InvalidParameterCombination`."""

    CODE = "InvalidParameterCombination"


class InvalidParameterValue(ServiceError):
    """The service answered `InvalidParameterValue`."""

    CODE = "InvalidParameterValue"


class MalformedQueryString(ServiceError):
    """The service answered `MalformedQueryString`."""

    CODE = "MalformedQueryString"


class MissingAction(ServiceError):
    """The service answered `MissingAction`."""

    CODE = "MissingAction"


class MissingParameter(ServiceError):
    """The service answered `MissingParameter`."""

    CODE = "MissingParameter"


class SerializationException(ServiceError):
    """The service answered `SerializationException`."""

    CODE = "SerializationException"


class UnknownOperationException(ServiceError):
    """The service answered `UnknownOperationException`."""

    CODE = "UnknownOperationException"


class ValidationError(ServiceError):
    """The service answered `ValidationError`."""

    CODE = "ValidationError"


class ValidationException(ServiceError):
    """The service answered `ValidationException`."""

    CODE = "ValidationException"


COMMON_ERRORS: dict[str, type[ServiceError]] = {
    cls.CODE: cls
    for cls in (
        AccessDenied,
        AccessDeniedException,
        BandwidthLimitExceeded,
        ExpiredToken,
        ExpiredTokenException,
        IncompleteSignature,
        IncompleteSignatureException,
        InternalError,
        InternalFailure,
        InternalServerError,
        InternalServerException,
        InternalServiceError,
        InvalidAction,
        InvalidClientTokenId,
        InvalidParameterCombination,
        InvalidParameterValue,
        InvalidSignatureException,
        MalformedQueryString,
        MissingAction,
        MissingAuthenticationToken,
        MissingAuthenticationTokenException,
        MissingParameter,
        NotAuthorized,
        OptInRequired,
        RequestExpired,
        RequestLimitExceeded,
        RequestThrottled,
        RequestThrottledException,
        RequestTimeTooSkewed,
        SerializationException,
        ServiceUnavailable,
        ServiceUnavailableException,
        SignatureDoesNotMatch,
        SlowDown,
        ThrottledException,
        Throttling,
        ThrottlingException,
        TooManyRequestsException,
        UnauthorizedOperation,
        UnknownOperationException,
        UnrecognizedClientException,
        ValidationError,
        ValidationException,
    )
}
"""Error code to class, of the codes that services send without their model listing them."""
