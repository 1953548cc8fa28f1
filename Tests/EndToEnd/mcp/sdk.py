"""One face for both majors of the official SDK, so that the same test runs on each."""

import contextlib
import importlib.metadata

import mcp

SDK_VERSION = importlib.metadata.version("mcp")


class Client:
    """What a test needs of a connected SDK client; results are plain dictionaries in the protocol's own names."""

    def __init__(self, client, version):
        self._client = client
        self.protocol_version = version

    async def tools(self):
        return [_plain(tool) for tool in (await self._client.list_tools()).tools]

    async def call(self, name, arguments=None, progress=None):
        return _plain(await self._client.call_tool(name, arguments, progress_callback=progress))

    async def ping(self):
        await self._client.send_ping()


def _plain(model):
    return model.model_dump(by_alias=True, exclude_none=True, mode="json")


@contextlib.asynccontextmanager
async def connect(command, env=None, cwd=None):
    """Starts a server and does whatever the SDK does first (a probe of the stateless era, a handshake)."""
    server = mcp.StdioServerParameters(command=command[0], args=command[1:], env=env, cwd=cwd)
    if hasattr(mcp, "Client"):
        async with mcp.Client(server) as client:
            yield Client(client, str(client.protocol_version))
    else:
        async with mcp.stdio_client(server) as streams, mcp.ClientSession(*streams) as session:
            yield Client(session, str((await session.initialize()).protocolVersion))
