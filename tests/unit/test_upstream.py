"""What the runtime leans on inside aiobotocore and botocore, held by digests of the source.

A digest that differs means that upstream changed a private thing: read it again, see to the place
in runtime/aiobotantic that the table names, and write the new digest down.
"""

from __future__ import annotations

import inspect
from hashlib import sha256

import pytest

from aiobotantic.pickling import resolve

LEANED_UPON = [
    (
        "aiobotocore.client",
        "AioBaseClient._make_api_call",
        "2be96199935a4b8c",
        "lanes/compat.py: CompatLane.call",
    ),
    (
        "aiobotocore.client",
        "AioBaseClient._make_request",
        "7a98f1ceb7913892",
        "lanes/compat.py: CompatLane.call",
    ),
    (
        "aiobotocore.client",
        "AioBaseClient._convert_to_request_dict",
        "775f4244826ec8d9",
        "lanes/compat.py: CompatLane.serialize_to_request",
    ),
    (
        "aiobotocore.client",
        "AioBaseClient._emit_api_params",
        "ac1b9da64d7b9c81",
        "lanes/lazy_dicts.py: WireParams",
    ),
    (
        "aiobotocore.client",
        "AioBaseClient.close",
        "e2851d4d9d556645",
        "lanes/compat.py: CompatLane.close",
    ),
    (
        "aiobotocore.client",
        "AioClientCreator.create_client",
        "d4743bae783d91e3",
        "lanes/session.py: ModelLoader",
    ),
    (
        "aiobotocore.client",
        "AioClientCreator._register_retries",
        "5b4e25ef22c6d248",
        "lanes/compat.py: CompatLane._take_seams",
    ),
    (
        "aiobotocore.client",
        "AioClientCreator._register_legacy_retries",
        "78106687f3b1da54",
        "lanes/compat.py: CompatLane._take_seams",
    ),
    (
        "aiobotocore.retries.standard",
        "register_retry_handler",
        "024d7fc2e3ff4d25",
        "lanes/compat.py: CompatLane._take_seams",
    ),
    (
        "aiobotocore.session",
        "AioSession._create_client",
        "e87fdfc754f67bdc",
        "lanes/session.py: own_session, client_config",
    ),
    (
        "aiobotocore.session",
        "AioSession.get_credentials",
        "288a52de70cdb63c",
        "lanes/session.py: prepare",
    ),
    (
        "aiobotocore.session",
        "AioSession._create_credential_resolver",
        "28712a2e4e19b6b6",
        "lanes/session.py: prepare",
    ),
    (
        "aiobotocore.args",
        "AioClientArgsCreator.get_client_args",
        "6fa5fa746ad081f0",
        "lanes/compat.py: CompatLane.open",
    ),
    (
        "aiobotocore.config",
        "AioConfig.__init__",
        "dbb106dc2ff652f8",
        "lanes/session.py: client_config",
    ),
    (
        "aiobotocore.config",
        "AioConfig.merge",
        "65382ed00706dbde",
        "lanes/session.py: client_config",
    ),
    (
        "aiobotocore.endpoint",
        "convert_to_response_dict",
        "7b32c63320bd3988",
        "lanes/compat.py: _ParserFactory.parse",
    ),
    (
        "aiobotocore.endpoint",
        "AioEndpoint._send_request",
        "45299be64199a2eb",
        "lanes/compat.py: CompatLane._needs_retry",
    ),
    (
        "aiobotocore.endpoint",
        "AioEndpoint._do_get_response",
        "082b773ba52d7a7e",
        "lanes/compat.py: _ParserFactory.parse",
    ),
    (
        "aiobotocore.endpoint",
        "AioEndpoint._add_modeled_error_fields",
        "1e4edfb66c90658f",
        "lanes/compat.py: _ParserFactory.parse",
    ),
    (
        "aiobotocore.endpoint",
        "AioEndpoint._needs_retry",
        "e0e1e14d904d1f83",
        "lanes/compat.py: CompatLane._needs_retry",
    ),
    (
        "aiobotocore.httpsession",
        "AIOHTTPSession._get_session",
        "9050ac5aa443ec89",
        "lanes/transport.py: DirectSession",
    ),
    (
        "aiobotocore.httpsession",
        "AIOHTTPSession._create_connector",
        "b902e9e7f91a58d5",
        "lanes/transport.py: DirectSession",
    ),
    (
        "aiobotocore.httpsession",
        "AIOHTTPSession.send",
        "9633db7fc585c5fb",
        "lanes/transport.py: _kind, DirectSession",
    ),
    (
        "aiobotocore.httpsession",
        "AIOHTTPSession.__aexit__",
        "2b55ee6e3187def0",
        "lanes/compat.py: CompatLane.close",
    ),
    (
        "aiobotocore.httpxsession",
        "HttpxSession.send",
        "b0d1e481c84a5890",
        "lanes/transport.py: _kind",
    ),
    (
        "aiobotocore.signers",
        "AioRequestSigner.sign",
        "ca8d778d033b41c2",
        "lanes/auth.py: KeptKeyAuth, keep_keys",
    ),
    (
        "aiobotocore.signers",
        "AioRequestSigner.get_auth_instance",
        "4b6f991818fc633d",
        "lanes/auth.py: KeptKeyAuth, keep_keys",
    ),
    (
        "aiobotocore.regions",
        "AioEndpointRulesetResolver.construct_endpoint",
        "ab86e43c64cc5035",
        "lanes/compat.py: CompatLane._resolve_endpoint",
    ),
    (
        "botocore.auth",
        "SigV4Auth.add_auth",
        "0a37f12b13c3d758",
        "lanes/auth.py: KeptKeyAuth, keep_keys",
    ),
    (
        "botocore.auth",
        "SigV4Auth._modify_request_before_signing",
        "c5366d6e92e5a6c0",
        "lanes/auth.py: KeptKeyAuth, keep_keys",
    ),
    (
        "botocore.args",
        "ClientArgsCreator._compute_retry_config",
        "f74decad86fcfc71",
        "lanes/session.py: client_config",
    ),
    (
        "botocore.args",
        "ClientArgsCreator._compute_retry_max_attempts",
        "f24c605aa05ae60b",
        "lanes/session.py: client_config",
    ),
    (
        "botocore.args",
        "ClientArgsCreator._compute_retry_mode",
        "3d576d3530b48831",
        "lanes/session.py: client_config",
    ),
    (
        "botocore.awsrequest",
        "prepare_request_dict",
        "f2fcf2bf122acc77",
        "lanes/compat.py: CompatLane.serialize_to_request",
    ),
    (
        "botocore.client",
        "BaseClient.__init__",
        "b1cf92e625394843",
        "lanes/compat.py: CompatLane._take_seams",
    ),
    (
        "botocore.client",
        "ClientCreator._load_service_model",
        "6d785815097c0daa",
        "lanes/session.py: ModelLoader",
    ),
    (
        "botocore.client",
        "ClientCreator._load_service_endpoints_ruleset",
        "d036e1190e6f6d48",
        "lanes/session.py: ModelLoader",
    ),
    (
        "botocore.endpoint",
        "Endpoint._update_retries_context",
        "f50793020b61fed6",
        "lanes/compat.py: CompatLane._needs_retry",
    ),
    (
        "botocore.retries.quota",
        "RetryQuota",
        "3e467e082fe5faa5",
        "retry.py: RetryBudget",
    ),
    (
        "botocore.session",
        "ComponentLocator",
        "9099d53d08edfe5a",
        "lanes/session.py: own_session",
    ),
    (
        "botocore.session",
        "Session._register_components",
        "db149089171bde15",
        "lanes/session.py: own_session",
    ),
    (
        "botocore.session",
        "Session._resolve_region_name",
        "c32c55a8029052cf",
        "lanes/session.py: prepare",
    ),
    (
        "aiobotocore.client",
        "AioBaseClient._resolve_endpoint_ruleset",
        "4e0908a83a61479d",
        "lanes/fast.py: FastLane._route",
    ),
    (
        "aiobotocore.credentials",
        "AioCredentials.get_frozen_credentials",
        "4ecc1f5b0a781573",
        "lanes/fast.py: FastLane._exchange",
    ),
    (
        "aiobotocore.credentials",
        "AioRefreshableCredentials.get_frozen_credentials",
        "13f75daa94f1b116",
        "lanes/fast.py: FastLane._exchange",
    ),
    (
        "aiobotocore.endpoint",
        "AioEndpoint.create_request",
        "9430edc6b5b565f0",
        "lanes/gate.py: patched",
    ),
    (
        "aiobotocore.endpoint",
        "AioEndpoint._send",
        "1d910e2ff7bff8db",
        "lanes/gate.py: patched",
    ),
    (
        "aiobotocore.session",
        "AioSession._register_builtin_handlers",
        "0a4060d2bd379dac",
        "lanes/gate.py: foreign_handler",
    ),
    (
        "botocore.auth",
        "_host_from_url",
        "c7103a12a8f4bc2f",
        "lanes/fast.py: FastLane._target",
    ),
    (
        "botocore.auth",
        "SigV4Auth",
        "733abf07a77f36ba",
        "lanes/signing.py: Signer, canonical_path, canonical_query",
    ),
    (
        "botocore.awsrequest",
        "_urljoin",
        "62a7d7fa68989100",
        "lanes/fast.py: FastLane._target",
    ),
    (
        "botocore.handlers",
        "add_recursion_detection_header",
        "3f859b1770acde71",
        "lanes/fast.py: FastLane._exchange",
    ),
    (
        "botocore.handlers",
        "add_retry_headers",
        "9de75c926ca39ca6",
        "lanes/fast.py: FastLane._exchange",
    ),
    (
        "botocore.hooks",
        "_PrefixTrie",
        "2a5e4ad99e640182",
        "lanes/gate.py: _below",
    ),
    (
        "botocore.hooks",
        "EventAliaser.__init__",
        "5f62fa244cd5b37a",
        "lanes/gate.py: _handlers",
    ),
    (
        "botocore.hooks",
        "HierarchicalEmitter.__init__",
        "004a83ddd3e11e7f",
        "lanes/gate.py: _handlers",
    ),
    (
        "botocore.httpsession",
        "ProxyConfiguration.proxy_url_for",
        "0c5b469b7c386a53",
        "lanes/gate.py: client_reason",
    ),
    (
        "botocore.signers",
        "RequestSigner.__init__",
        "c216e1a5853da091",
        "lanes/gate.py: client_reason",
    ),
    (
        "botocore.useragent",
        "UserAgentString.to_string",
        "50d24364f32a2d1d",
        "lanes/fast.py: FastLane",
    ),
    (
        "botocore.utils",
        "normalize_url_path",
        "cd71e7268936a59a",
        "lanes/fast.py: FastLane._target",
    ),
    (
        "botocore.utils",
        "percent_encode_sequence",
        "62285107b4878d87",
        "lanes/fast.py: FastLane._target",
    ),
]


@pytest.mark.parametrize(
    ("module", "name", "digest", "place"), LEANED_UPON, ids=[row[1] for row in LEANED_UPON]
)
def test_upstream_is_what_it_was(module: str, name: str, digest: str, place: str) -> None:
    source = inspect.getsource(resolve(module, name))

    found = sha256(source.encode()).hexdigest()[:16]

    assert found == digest, f"{module}.{name} changed: read it again for aiobotantic/{place}"


def test_the_table_names_places_that_exist() -> None:
    for _, _, _, place in LEANED_UPON:
        file, _, names = place.partition(": ")
        module = f"aiobotantic.{file.removesuffix('.py').replace('/', '.')}"
        for name in names.split(", "):
            assert resolve(module, name)
