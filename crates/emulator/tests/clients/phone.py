"""The person's side of the emulator, over its control pages, and what both bots' tests share."""

import asyncio
import json
import struct
import sys
import time
import urllib.request
import zlib

ADA = 42
BOB = 43
"""Bob never pressed Start."""
STRANGER = 99
"""Nobody added this user."""
SOON = 30
"""Seconds that are enough on a slow machine; nothing waits this long when it passes."""

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Phone:
    """What Ada does in the app. Calls block shortly: it is a server on this machine."""

    def __init__(self, url):
        self.url = url

    def act(self, name, **content):
        request = urllib.request.Request(
            f"{self.url}/control/{name}",
            json.dumps(content).encode(),
            {"Content-Type": "application/json"},
        )
        with _direct.open(request, timeout=SOON) as answer:
            return json.load(answer)

    def look(self, name, query=""):
        with _direct.open(f"{self.url}/control/{name}?{query}", timeout=SOON) as answer:
            return json.load(answer)

    def messages(self, chat=ADA):
        return self.look("messages", f"chat_id={chat}")

    def message(self, message_id):
        return next(it for it in self.messages() if it["message_id"] == message_id)

    def calls(self, method):
        return [it for it in self.look("calls") if it["method"] == method]

    async def until(self, what, found):
        """Waits for a condition that other tasks of this program or the emulator bring about."""
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            value = found()
            if value:
                return value
            await asyncio.sleep(0.02)
        raise AssertionError(f"{what} did not happen within {SOON} s")

    async def last(self, text):
        """The bot's message with this text, once it is there."""

        def found():
            bots = (it for it in reversed(self.messages()) if it["from_bot"])
            return next((it for it in bots if it["text"] == text), None)

        return await self.until(f"a message {text!r}", found)


def equal(found, expected, what=""):
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")


def png(width, height):
    """A real picture, all black."""

    def chunk(kind, content):
        data = kind + content
        return struct.pack(">I", len(content)) + data + struct.pack(">I", zlib.crc32(data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def refused(kind, words, call):
    """The call must be refused with exactly this exception of the library."""
    try:
        result = await call
    except Exception as error:  # the type is what is looked at
        equal(type(error), kind, f"{words!r}: {error}")
        if words.lower() not in str(error).lower():
            raise AssertionError(f"expected {words!r} in {error}") from error
        return error
    raise AssertionError(f"expected {kind.__name__} {words!r}, found {result!r}")


def run(main):
    url, token = sys.argv[1:]
    asyncio.run(asyncio.wait_for(main(Phone(url), token), 120))
    print("the whole flow worked")
