"""Clients and server of 'sessions': SMTP as far as it is needed."""
import asyncio
import re
import sys
import time

SECRET = b"for-the-recipients-eyes-only"


async def reply(reader):
    while True:
        line = await asyncio.wait_for(reader.readline(), 600)
        if not line:
            raise ConnectionError("the connection ended")
        if line[3:4] != b"-":
            return line


async def ask(reader, writer, command, expected):
    writer.write(command + b"\r\n")
    await writer.drain()
    answer = await reply(reader)
    if not answer.startswith(expected):
        raise ConnectionError(f"{command[:40]!r}: {answer!r}")


async def session(number, server, gate, waiting, opened):
    async with waiting:
        for attempt in range(5):
            try:
                reader, writer = await asyncio.open_connection(server, 25)
                break
            except OSError:
                if attempt == 4:
                    raise
                await asyncio.sleep(1)
        greeting = await reply(reader)
        if not greeting.startswith(b"220"):
            raise ConnectionError(f"greeting: {greeting!r}")
        await ask(reader, writer, b"EHLO amd", b"250")
        await ask(reader, writer, b"MAIL FROM:<juro@amd>", b"250")
        await ask(reader, writer, b"RCPT TO:<juro@intel>", b"250")
        await ask(reader, writer, b"DATA", b"354")
    opened()
    await gate.wait()
    text = b"From: juro@amd\r\nTo: juro@intel\r\nSubject: one of many\r\nMessage-ID: <%d@sessions>\r\n\r\n" % number
    writer.write(text + (SECRET + b"\r\n") * 300)
    await writer.drain()
    await ask(reader, writer, b".", b"250")
    writer.close()


async def clients(count, server):
    gate, waiting, state = asyncio.Event(), asyncio.Semaphore(100), {"open": 0}
    started = time.monotonic()

    def opened():
        state["open"] += 1
        if state["open"] == count:
            print(f"clients: {count} sessions open at once after {time.monotonic() - started:.1f} s", flush=True)
            gate.set()

    tasks = [asyncio.create_task(session(number, server, gate, waiting, opened)) for number in range(count)]
    failed = 0
    for task in asyncio.as_completed(tasks):
        try:
            await task
        except (OSError, asyncio.TimeoutError) as fault:
            failed += 1
            if failed <= 5:
                print(f"clients: {fault!r}", file=sys.stderr, flush=True)
            opened()   # the others need not wait for it
    print(f"clients: {count - failed} of {count} accepted after {time.monotonic() - started:.1f} s", flush=True)
    return failed


async def serve(reader, writer, arrived):
    try:
        writer.write(b"220 server\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-server\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                text = bytearray()
                while (line := await reader.readline()) != b".\r\n":
                    if not line:
                        return
                    text += line
                number = re.search(rb"<(\d+)@sessions>", text)
                arrived.write(f"{number.group(1).decode() if number else '?'}{' readable' if SECRET in text else ''}\n")
                arrived.flush()
                writer.write(b"250 2.0.0 ok\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 2.1.0 ok\r\n")
            await writer.drain()
    except ConnectionError:
        pass   # a session that ended is not a message
    finally:
        writer.close()


async def server(file):
    with open(file, "w", encoding="ascii") as arrived:
        listener = await asyncio.start_server(lambda reader, writer: serve(reader, writer, arrived), "0.0.0.0", 25, backlog=1000)
        await listener.serve_forever()


if sys.argv[1] == "server":
    asyncio.run(server(sys.argv[2]))
else:
    sys.exit(1 if asyncio.run(clients(int(sys.argv[2]), sys.argv[3])) else 0)
