"""The product's tools over a keeper that holds nothing: `tools_test.py PATH-TO-MCP-FIXTURE`, once for each client."""

import asyncio
import json
import sys

import jsonschema
import sdk
import wire

COMMAND = [sys.argv[1], "--tools"]
PURPOSE = {"purpose": "test"}
TOOLS = [
    "secret_status", "secret_list", "secret_exists", "secret_get_masked", "secret_run", "secret_inject", "secret_request", "secret_token", "session_wake", "session_sleep", "rule_list",
    "rule_acknowledge", "secret_import", "access_request", "access_check",
]


def run_arguments(*argv, **more):
    return {"argv": list(argv), "secrets": [{"name": "DATABASE_URL"}], **PURPOSE, **more}


CALLS = [
    ("secret_status", {"topic": "run"}, None),
    ("secret_list", {}, None),
    ("secret_list", {"query": "STRIPE", "limit": 1}, None),
    ("secret_list", {"environment": "prod"}, "not_found"),
    ("secret_list", {"limit": 0}, "invalid_arguments"),
    ("secret_exists", {"names": ["DATABASE_URL", "NOT_THERE"]}, None),
    ("secret_get_masked", {"secret_name": "github/token"}, None),
    ("secret_get_masked", {"secret_name": "NOT_THERE"}, "not_found"),
    ("secret_run", run_arguments("echo", "hello"), None),
    ("secret_run", run_arguments("cat", stdin="given\u2028"), None),
    ("secret_run", run_arguments("flood", "100000"), None),
    ("secret_run", run_arguments("env"), "command_blocked"),
    ("secret_run", run_arguments("other"), "vault_locked"),
    ("secret_run", {"argv": ["echo"], "secrets": []}, "invalid_arguments"),
    ("secret_inject", {"secrets": [{"name": "DATABASE_URL"}], **PURPOSE}, None),
    ("secret_inject", {"secrets": [{"name": "DATABASE_URL"}], "content": "values", **PURPOSE}, "session_required"),
    ("secret_inject", {"secrets": [{"name": "DATABASE_URL"}], "reads": 0, **PURPOSE}, "invalid_arguments"),
    ("secret_request", {"secret_name": "stripe/api-key", "url": "https://api.stripe.com/v1/x", **PURPOSE}, None),
    ("secret_request", {"secret_name": "stripe/api-key", "url": "https://evil.example/", **PURPOSE}, "destination_not_allowed"),
    ("secret_request", {"secret_name": "stripe/api-key", "url": "https://api.stripe.com/v1/x", "token": "x", **PURPOSE}, "invalid_arguments"),
    ("secret_token", {"secret_name": "stripe/api-key", **PURPOSE}, None),
    ("secret_token", {"secret_name": "stripe/api-key", "ttl_seconds": 59, **PURPOSE}, "invalid_arguments"),
    ("session_wake", {"covers": ["DATABASE_URL"], **PURPOSE}, None),
    ("session_wake", {"covers": ["NOT_THERE"], **PURPOSE}, "not_found"),
    ("session_wake", {"covers": ["DATABASE_URL"], "ttl_seconds": 59, **PURPOSE}, "invalid_arguments"),
    ("session_sleep", {"what": "session"}, None),
    ("session_sleep", {"what": "tokens"}, None),
    ("session_sleep", {"what": "everything"}, "invalid_arguments"),
    ("rule_list", {"secret_name": "DATABASE_URL"}, None),
    ("rule_acknowledge", {"rule_id": "careful", "secret_name": "DATABASE_URL", **PURPOSE}, None),
    ("rule_acknowledge", {"rule_id": "other", "secret_name": "DATABASE_URL", **PURPOSE}, "invalid_arguments"),
    ("secret_import", {"names": ["NEW_KEY"], "reason": "test"}, None),
    ("secret_import", {"reason": "test"}, "invalid_arguments"),
    ("secret_import", {"env_file": "relative/.env", "reason": "test"}, "invalid_arguments"),
    ("access_request", {"names": ["DATABASE_URL"], "reason": "test"}, None),
    ("access_request", {"names": ["DATABASE_URL"]}, "invalid_arguments"),
    ("access_check", {"request_id": "0a", "wait_seconds": 0}, None),
    ("access_check", {"request_id": "0b"}, "not_found"),
    ("access_check", {"request_id": "0a", "wait_seconds": 46}, "invalid_arguments"),
]


def check(result, tool, code, version="2025-11-25"):
    text = json.loads(result["content"][0]["text"])
    assert len(result["content"]) == 1
    if code:
        assert result["isError"] and "structuredContent" not in result
        assert text["error"]["code"] == code, text
        assert set(text["error"]) == {"code", "message", "next_step", "retryable", "details"}
        return text
    assert not result.get("isError"), text
    if version >= "2025-06-18":
        assert text == result["structuredContent"]
        jsonschema.validate(text, tool["outputSchema"])
    return text


def every_version():
    """every tool answers in every version, within its official schema."""
    for version in wire.VERSIONS:
        with wire.Host(COMMAND, version) as host:
            tools = {tool["name"]: tool for tool in host.ask("tools/list")["result"]["tools"]}
            assert list(tools) == TOOLS
            for name, arguments, code in CALLS:
                check(host.call(name, arguments)["result"], tools[name], code, version)
            host.end()


def limits():
    """five runs go on at once, a sixth is turned away, and a cancelled one makes room."""
    with wire.Host(COMMAND, "2025-11-25") as host:
        # Calls run side by side, so which of the six comes last is the server's choice.
        runs = [host.start("secret_run", run_arguments("sleep", "60000")) for _ in range(6)]
        refused = host.receive()
        check(refused["result"], None, "rate_limited")
        runs.remove(refused["id"])
        host.notify("notifications/cancelled", {"requestId": runs[0]})
        while host.call("secret_run", run_arguments("echo"))["result"]["isError"]:
            pass
        assert host.call("secret_status")["result"]["structuredContent"]["vault"] == "unlocked"


async def client(mode):
    async with sdk.connect(COMMAND, mode) as client:
        tools = {tool["name"]: tool for tool in await client.tools()}
        for name, arguments, code in CALLS:
            check(await client.call(name, arguments), tools[name], code)
        flood = await client.call("secret_run", run_arguments("flood", "100000", max_output_bytes=2048))
        assert flood["structuredContent"]["truncated"] and len(flood["structuredContent"]["stdout"]) < 2200
        first = await client.call("secret_list", {"limit": 2})
        rest = await client.call("secret_list", {"limit": 2, "cursor": first["structuredContent"]["next_cursor"]})
        assert len(first["structuredContent"]["secrets"] + rest["structuredContent"]["secrets"]) == 3
        heard = []

        async def progress(done, total, message):
            heard.append((done, total, message))

        await client.call("secret_run", run_arguments("sleep", "5300", timeout_seconds=30), progress=progress)
        assert heard == [(5, 30, "running for 5 s")], heard


def clients():
    """a real client drives every tool in each era it speaks, and hears progress every five seconds."""
    for mode in sdk.MODES:
        asyncio.run(asyncio.wait_for(client(mode), 60))


print(f"     {sdk.NAME}")
wire.run([every_version, limits, clients])
