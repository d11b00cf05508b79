"""A real WebSocket server, python3-websockets, on a loop of its own. `websockets` is None where it is not installed."""

import asyncio
import contextlib
import threading

try:
    import websockets
except ImportError:
    websockets = None


class RealServer:
    """Echoes messages; "close CODE REASON" is answered with that close. `closed` has the codes that clients closed with."""

    def __init__(self):
        self.closed = []
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(20):
            raise AssertionError("the websockets server does not start")

    async def _echo(self, peer, *_):
        with contextlib.suppress(websockets.ConnectionClosedError):  # by any code but 1000 and 1001
            async for message in peer:
                if isinstance(message, str) and message.startswith("close "):
                    _, code, reason = message.split(" ", 2)
                    await peer.close(int(code), reason)
                else:
                    await peer.send(message)
        self.closed.append(peer.close_code)

    def _run(self, started):
        async def serve():
            self._end = asyncio.Event()
            server = await websockets.serve(self._echo, "127.0.0.1", 0, max_size=None, subprotocols=["chat"])
            self.address = "%s:%d" % server.sockets[0].getsockname()
            started.set()
            await self._end.wait()
            server.close()
            await server.wait_closed()
        self._loop.run_until_complete(serve())
        self._loop.close()

    def close(self):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)
