"""One face for the clients that hosts are built on, so that the same test runs on each: both majors of the official SDK, and fastmcp."""

import contextlib
import importlib.metadata
import importlib.util

import mcp

types = importlib.import_module("mcp_types" if importlib.util.find_spec("mcp_types") else "mcp.types")

_HAS_FASTMCP = importlib.util.find_spec("fastmcp") is not None
_HAS_ERAS = hasattr(mcp, "Client")
NAME = f"fastmcp {importlib.metadata.version('fastmcp')}" if _HAS_FASTMCP else f"the official SDK {importlib.metadata.version('mcp')}"
# What the client does first: `auto` probes for the stateless version, `legacy` shakes hands.
MODES = ["auto", "legacy"] if _HAS_ERAS else ["legacy"]
VERSIONS = {"auto": "2026-07-28", "legacy": "2025-11-25"}


class Client:
    """What a test needs of a connected client; results are plain dictionaries in the protocol's own names."""

    def __init__(self, client, version):
        self._client = client
        self.protocol_version = version

    async def tools(self):
        listed = await self._client.list_tools()
        return [_plain(tool) for tool in (listed if isinstance(listed, list) else listed.tools)]

    async def call(self, name, arguments=None, progress=None):
        if _HAS_FASTMCP:
            return _plain(await self._client.call_tool_mcp(name, arguments or {}, progress_handler=progress))
        return _plain(await self._client.call_tool(name, arguments, progress_callback=progress))


def _plain(model):
    return model.model_dump(by_alias=True, exclude_none=True, mode="json")


class Person:
    """Whoever answers at the client's side: forms as the test says, a model that knows one city, and two folders."""

    def __init__(self, **forms):
        self.forms = forms
        self.asked = []

    async def elicit(self, context, params):
        self.asked.append(params.message)
        # The field's name in Python differs between the majors.
        schema = getattr(params, "requested_schema", None) or getattr(params, "requestedSchema", {"properties": {}})
        content = {name: self.forms[name] for name in schema["properties"] if name in self.forms}
        return types.ElicitResult(action="accept", content=content) if content else types.ElicitResult(action="decline")

    async def sample(self, context, params):
        return types.CreateMessageResult(role="assistant", model="m", content=types.TextContent(type="text", text="Paris"))

    async def roots(self, context):
        return types.ListRootsResult(roots=[types.Root(uri="file:///a"), types.Root(uri="file:///b")])


@contextlib.asynccontextmanager
async def connect(command, mode=MODES[0], person=None, env=None, cwd=None):
    """Starts a server and does whatever the client does first. Without a person the client declares that nobody can be asked."""
    callbacks = {"elicitation_callback": person.elicit, "sampling_callback": person.sample, "list_roots_callback": person.roots} if person else {}
    server = mcp.StdioServerParameters(command=command[0], args=command[1:], env=env, cwd=cwd)
    if _HAS_FASTMCP:
        async with _fastmcp(command, mode, person, env, cwd) as client:
            yield Client(client, str(client.protocol_version))
    elif _HAS_ERAS:
        async with mcp.Client(server, mode=mode, **callbacks) as client:
            yield Client(client, str(client.protocol_version))
    else:
        async with mcp.stdio_client(server) as streams, mcp.ClientSession(*streams, **callbacks) as session:
            yield Client(session, str((await session.initialize()).protocolVersion))


def _fastmcp(command, mode, person, env, cwd):
    import fastmcp
    from fastmcp.client.transports import StdioTransport

    async def elicit(message, response_type, params, context):
        return await person.elicit(context, params)

    async def sample(messages, params, context):
        return "Paris"

    handlers = {"elicitation_handler": elicit, "sampling_handler": sample, "roots": ["file:///a", "file:///b"]} if person else {}
    transport = StdioTransport(command=command[0], args=command[1:], env=env, cwd=cwd, keep_alive=False)
    return fastmcp.Client(transport, mode=mode, **handlers)
