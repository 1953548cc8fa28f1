"""The protocol library under the official SDK: `sdk_test.py PATH-TO-MCP-FIXTURE`, once for each major."""

import asyncio
import sys

import sdk


async def main():
    async with sdk.connect([sys.argv[1]]) as client:
        assert client.protocol_version == "2025-11-25", client.protocol_version
        tools = {tool["name"]: tool for tool in await client.tools()}
        assert len(tools) == 11

        text = await client.call("test_simple_text")
        assert text["content"][0]["text"] == "This is a simple text response for testing."
        assert [block["type"] for block in (await client.call("test_multiple_content_types"))["content"]] == ["text", "image", "resource"]
        assert (await client.call("test_audio_content"))["content"][0]["type"] == "audio"
        assert (await client.call("test_error_handling"))["isError"]
        structured = await client.call("test_structured_output", {"name": "a", "count": 2})
        assert structured["structuredContent"] == {"name": "a", "count": 2, "mode": "plain", "exact": True}
        assert (await client.call("test_structured_output", {"name": ""}))["isError"]

        heard = []

        async def progress(done, total, message):
            heard.append((done, total, message))

        await client.call("test_tool_with_progress", progress=progress)
        assert [done for done, _, _ in heard] == [0, 50, 100], heard

        echoes = await asyncio.gather(*(client.call("test_echo", {"text": str(number)}) for number in range(50)))
        assert [echo["content"][0]["text"] for echo in echoes] == [str(number) for number in range(50)]
        try:
            await client.call("no_such_tool")
            raise SystemExit("an unknown tool was answered")
        except Exception as error:
            assert "no such tool" in str(error), error

        waiting = asyncio.create_task(client.call("test_wait"))
        await asyncio.sleep(0.2)
        waiting.cancel()
        await client.ping()
    print(f"ok   the official SDK {sdk.SDK_VERSION} drives every tool")


asyncio.run(asyncio.wait_for(main(), 60))
