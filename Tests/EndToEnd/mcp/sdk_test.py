"""The protocol library under a client that hosts are built on: `sdk_test.py PATH-TO-MCP-FIXTURE`, once for each client."""

import asyncio
import sys

import sdk

FIXTURE = [sys.argv[1]]


async def content(client):
    tools = {tool["name"]: tool for tool in await client.tools()}
    assert len(tools) == 27, len(tools)
    text = await client.call("test_simple_text")
    assert text["content"][0]["text"] == "This is a simple text response for testing."
    assert [block["type"] for block in (await client.call("test_multiple_content_types"))["content"]] == ["text", "image", "resource"]
    assert (await client.call("test_audio_content"))["content"][0]["type"] == "audio"
    assert (await client.call("test_error_handling"))["isError"]
    structured = await client.call("test_structured_output", {"name": "a", "count": 2})
    assert structured["structuredContent"] == {"name": "a", "count": 2, "mode": "plain", "exact": True}
    assert (await client.call("test_structured_output", {"name": ""}))["isError"]


async def progress(client):
    heard = []

    async def hear(done, total, message):
        heard.append((done, total, message))

    await client.call("test_tool_with_progress", progress=hear)
    assert [done for done, _, _ in heard] == [0, 50, 100], heard


async def many(client):
    echoes = await asyncio.gather(*(client.call("test_echo", {"text": str(number)}) for number in range(50)))
    assert [echo["content"][0]["text"] for echo in echoes] == [str(number) for number in range(50)]


async def failures(client):
    try:
        await client.call("no_such_tool")
        raise SystemExit("an unknown tool was answered")
    except Exception as error:
        assert "no such tool" in str(error), error
    assert (await client.call("test_consent"))["content"][0]["text"] == "nobody could be asked"


async def cancellation(client):
    waiting = asyncio.create_task(client.call("test_wait"))
    # The call must be under way: an answer to a later one says so.
    await client.call("test_simple_text")
    waiting.cancel()
    await client.call("test_simple_text")


ASKED = [
    ("test_consent", {}, "done"),
    ("test_elicitation", {"message": "?"}, 'User response: action=accept, content={"response":"x"}'),
    ("test_elicitation_sep1034_defaults", {}, 'Elicitation completed: action=accept, content={"name":"Ann"}'),
    ("test_page", {}, "Page: action=decline"),
    ("test_sampling", {"prompt": "?"}, "LLM response: Paris"),
    ("test_missing_capability", {}, "Success"),
    ("test_input_required_result_elicitation", {}, "Hello, Ann!"),
    ("test_input_required_result_sampling", {}, "Sampling result: Paris"),
    ("test_input_required_result_list_roots", {}, "Found 2 root(s)"),
    ("test_input_required_result_request_state", {}, "state-ok: requestState validated"),
    ("test_input_required_result_tampered_state", {}, "integrity-ok: state verified"),
    ("test_input_required_result_multiple_inputs", {}, "Name: Ann; Greeting: Paris; Roots: 2"),
    ("test_input_required_result_multi_round", {}, "Multi-round complete for Ann who likes blue"),
    ("test_input_required_result_capabilities", {}, "capabilities-ok: received elicit_input,sample_input"),
]


async def main():
    for mode in sdk.MODES:
        async with sdk.connect(FIXTURE, mode) as client:
            assert client.protocol_version == sdk.VERSIONS[mode], client.protocol_version
            for test in (content, progress, many, failures, cancellation):
                await test(client)
        person = sdk.Person(approve=True, response="x", name="Ann", color="blue", ok=True, value="v")
        async with sdk.connect(FIXTURE, mode, person) as client:
            for name, arguments, expected in ASKED:
                answer = await client.call(name, arguments)
                assert answer["content"][0]["text"] == expected, (name, answer)
        assert len(person.asked) == 11, person.asked
        print(f"ok   {sdk.NAME} drives every tool in {sdk.VERSIONS[mode]}")


asyncio.run(asyncio.wait_for(main(), 60))
