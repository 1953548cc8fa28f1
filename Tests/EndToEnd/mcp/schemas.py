"""The official schemas of every version, and what each message is held against."""

import collections
import json
import pathlib
import warnings

import jsonschema

warnings.simplefilter("ignore", DeprecationWarning)

HANDSHAKE = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
STATELESS = "2026-07-28"
VERSIONS = [*HANDSHAKE, STATELESS]
META = "io.modelcontextprotocol/"
_FOLDER = pathlib.Path(__file__).resolve().parents[3] / "vectors" / "mcp-schemas"
_REQUESTS = {
    "initialize": "InitializeRequest", "ping": "PingRequest", "tools/list": "ListToolsRequest", "tools/call": "CallToolRequest",
    "server/discover": "DiscoverRequest", "elicitation/create": "ElicitRequest", "sampling/createMessage": "CreateMessageRequest",
    "roots/list": "ListRootsRequest", "notifications/initialized": "InitializedNotification", "notifications/cancelled": "CancelledNotification",
    "notifications/progress": "ProgressNotification",
}  # fmt: skip
_RESULTS = {
    "initialize": "InitializeResult", "tools/list": "ListToolsResult", "tools/call": "CallToolResult", "ping": "EmptyResult",
    "server/discover": "DiscoverResult", "elicitation/create": "ElicitResult", "sampling/createMessage": "CreateMessageResult",
    "roots/list": "ListRootsResult",
}  # fmt: skip
_ERRORS = {-32021: "MissingRequiredClientCapabilityError", -32022: "UnsupportedProtocolVersionError"}
_CLIENTS_OWN = ["initialize", "ping", "tools/list", "tools/call", "server/discover", "notifications/initialized"]
_validators = {}
validated = collections.Counter()


def _check(version, definition, document):
    key = (version, definition)
    if key not in _validators:
        schema = json.loads((_FOLDER / f"{version}.schema.json").read_text())
        place = "definitions" if "definitions" in schema else "$defs"
        assert definition in schema[place], f"{version} has no {definition}"
        root = dict(schema, **{"$ref": f"#/{place}/{definition}"})
        root.pop("anyOf", None)
        _validators[key] = jsonschema.validators.validator_for(schema)(root)
    _validators[key].validate(document)


def validate_request(message, version):
    """Holds a request or a notification, of either side, against the schema of its version."""
    assert message["method"] in _REQUESTS, message["method"]
    _check(version, _REQUESTS[message["method"]], message)
    validated[version] += 1


def validate_result(result, version, method):
    if version == STATELESS and method == "tools/call" and result.get("resultType") == "input_required":
        _check(version, "InputRequiredResult", result)
        assert "inputRequests" in result or "requestState" in result
        assert not {"ttlMs", "cacheScope"} & set(result)
        return
    _check(version, _RESULTS[method], result)


def validate(message, version, method=None):
    """Holds one message of the server against the schema of its version; `method` is what it answers."""
    if isinstance(message, list):
        assert version == "2025-03-26", "a batch outside its version"
        for part in message:
            validate(part, version, method)
        return
    if "method" in message:
        assert message["method"] not in _CLIENTS_OWN, message
        assert version != STATELESS or "id" not in message, "the stateless server asks by its answers only"
        return validate_request(message, version)
    validated[version] += 1
    named = version >= "2025-11-25"
    if "error" in message:
        # JSON-RPC says null where no id could be read; the schemas know only texts and integers there.
        known = dict(message, id=0) if message["id"] is None else message
        _check(version, "JSONRPCErrorResponse" if named else "JSONRPCError", known)
        code = message["error"]["code"]
        if code in _ERRORS:
            assert version == STATELESS, message
            _check(version, _ERRORS[code], known)
        assert code in (-32700, -32600, -32601, -32602, *_ERRORS), message
        return
    _check(version, "JSONRPCResultResponse" if named else "JSONRPCResponse", message)
    result = message["result"]
    if version == STATELESS:
        assert result["_meta"][META + "serverInfo"]["name"], message
        assert ("ttlMs" in result) == (method in ("server/discover", "tools/list")), message
    else:
        assert not {"resultType", "ttlMs", "cacheScope", "_meta", "inputRequests", "requestState", "supportedVersions"} & set(result), message
    if method in _RESULTS:
        validate_result(result, version, method)
