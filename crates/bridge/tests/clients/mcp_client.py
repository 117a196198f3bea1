"""The Python MCP client against `cctelegram mcp`: lists and calls everything that is offered.

Arguments: the program, the mode of the client (auto or legacy), the revision expected, a file to send.
Somebody with a phone has to answer meanwhile: the test that starts this script.
"""

import asyncio
import json
import os
import sys

from mcp import Client
from mcp.client.stdio import StdioServerParameters

PROGRAM, MODE, REVISION, FILE = sys.argv[1:]


async def good(client, tool, **arguments):
    """Calls a tool that has to succeed; the client checks the result against the tool's schema."""
    progress = []

    async def on_progress(done, total, message):
        progress.append((done, total, message))

    result = await client.call_tool(tool, arguments, progress_callback=on_progress)
    assert not result.is_error, (tool, result)
    assert result.content[0].text, tool
    return result.structured_content, progress


async def bad(client, tool, told, **arguments):
    result = await client.call_tool(tool, arguments)
    assert result.is_error, (tool, result)
    assert told in result.content[0].text, (tool, result.content[0].text)


async def tools(client):
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    for tool in listed.values():
        assert tool.description and tool.input_schema and tool.annotations, tool
        assert tool.output_schema or tool.name == "permission_prompt", tool
    called = set()

    async def call(tool, **arguments):
        called.add(tool)
        return await good(client, tool, **arguments)

    status, _ = await call("get_bridge_status")
    assert status["running"] and status["mode"] == "local", status
    await call("send_telegram_message", message="Hello from Python")
    await call("send_telegram_event", type="build_failed", title="Build", description="It broke.")
    await call("send_task_completion", task_id="t-1", title="Done", results="All of it.")
    await call("send_file", path=FILE)
    ended, progress = await call("send_approval_request", title="Deploy from Python?", description="Now.")
    assert ended["approved"] and ended["state"] == "decided", ended
    assert progress, "no word of progress"
    answer, _ = await call("ask_human", question="Which colour?", options=["Red", "Blue"])
    assert answer["answer"] == "Blue", answer
    sent, _ = await call("send_telegram_message", message="A word from Python")
    reply, _ = await call("wait_for_reply", event_id=sent["event_id"], wait_seconds=60)
    assert reply["reply"]["text"] == "Thank you", reply
    answers, _ = await call("get_telegram_responses", limit=10)
    assert [answer["kind"] for answer in answers["responses"]] == ["option", "option", "text"], answers
    assert (await call("switch_to_nomad_mode"))[0] == {"mode": "nomad", "changed": True}
    assert (await call("switch_to_local_mode"))[0] == {"mode": "local", "changed": True}
    assert called == set(listed) - {"permission_prompt"}, called ^ set(listed)
    asked = await client.call_tool("permission_prompt", {"tool_name": "Bash", "input": {"command": "make"}})
    assert json.loads(asked.content[0].text)["behavior"] == "allow", asked
    await bad(client, "send_telegram_message", "message", text="the wrong field")


async def resources(client):
    listed = [str(resource.uri) for resource in (await client.list_resources()).resources]
    assert len(listed) == 4, listed
    for uri in listed:
        content = json.loads((await client.read_resource(uri)).contents[0].text)
        assert content, uri


async def prompts(client):
    listed = (await client.list_prompts()).prompts
    assert len(listed) == 4, listed
    for prompt in listed:
        arguments = {argument.name: "a sample" for argument in prompt.arguments}
        messages = (await client.get_prompt(prompt.name, arguments)).messages
        assert "a sample" in messages[0].content.text, prompt.name


async def main():
    server = StdioServerParameters(command=PROGRAM, args=["mcp"], env=dict(os.environ))
    async with Client(server, mode=MODE) as client:
        assert client.protocol_version == REVISION, client.protocol_version
        assert client.instructions
        await tools(client)
        await resources(client)
        await prompts(client)


asyncio.run(main())
print("everything was reached")
