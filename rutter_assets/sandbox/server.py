"""The sandbox as a running server: uvicorn in a thread of this process, on a port of this machine."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import Scope

from rutter_assets.sandbox.api import ROOT_PATH, Api
from rutter_assets.sandbox.clock import Clock
from rutter_assets.sandbox.door import Door, RequestRecord
from rutter_assets.sandbox.script import Fault, Script, UnspentFaults
from rutter_assets.sandbox.truth import Truth
from rutter_assets.sandbox.world import World

__all__ = ["Sandbox"]

HOST = "127.0.0.1"
_START_WITHIN_S = 10.0
_STOP_WITHIN_S = 2.0
"""Requests still in flight after this are cut off."""


class Sandbox:
    """Serves a world while the `with` block lasts.

    `requests_per_10s` is the organisation's rate limit; `latency_ms` is added to every answer, and requests wait side
    by side; `port` 0 takes a free one. `faults` are what goes wrong, see `faults`; `script` takes more of them while it
    runs. They sit inside the door: what they do is recorded, has passed the credentials and the rate limit, and
    carries a request id. Leaving the block raises `UnspentFaults` where no request met one.

    A start that fails (a port in use: `OSError`) raises in the caller. It may be started where an event loop already
    runs: it has a thread and a loop of its own. It cannot be entered twice.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        requests_per_10s: int = 500,
        latency_ms: int = 0,
        *,
        port: int = 0,
        faults: Iterable[Fault] = (),
    ) -> None:
        self.world = world
        self.clock = clock
        self.client_id = "sandbox-client-id"
        self.client_secret = "sandbox-client-secret-that-opens-nothing-else"  # noqa: S105 - obviously fake
        self.requests: list[RequestRecord] = []
        """Every request answered so far, in order; clear it at will."""
        shelves = world.shelves()
        self.truth = Truth(world, clock, shelves)
        """What a client should find."""
        connection_ids = {merchant.access_token: merchant.id for merchant in world.merchants}
        self.script = Script(
            Api(world, clock, shelves).app,
            faults,
            root_path=ROOT_PATH,
            connection_ids=connection_ids,
            hang_up=self._hang_up,
        )
        """What is still to go wrong."""
        self._door = Door(
            self.script,
            clock=clock,
            root_path=ROOT_PATH,
            client_id=self.client_id,
            client_secret=self.client_secret,
            connection_ids=connection_ids,
            requests_per_10s=requests_per_10s,
            latency_ms=latency_ms,
            records=self.requests,
        )
        self._port = port
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT/versioned`, while it runs; `RuntimeError` before."""
        if self._thread is None:
            raise RuntimeError("The sandbox is not running; use it in a with block.")
        return f"http://{HOST}:{self._port}{ROOT_PATH}"

    def __enter__(self) -> Self:
        """Starts the server and returns when it answers."""
        if self._server is not None:
            raise RuntimeError("A sandbox runs once; make a new one.")
        self._socket = socket.create_server((HOST, self._port), backlog=2048)
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._door,
            lifespan="off",
            loop="asyncio",
            ws="none",
            interface="asgi3",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="rutter-sandbox", daemon=True)
        self._thread.start()
        started = self._server.settled.wait(_START_WITHIN_S)
        if self._failure is not None or not started:
            self._stop()
            raise self._failure or TimeoutError(f"The sandbox did not start within {_START_WITHIN_S} s.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the server, closes its sockets and waits for its thread; raises what the server died of, if it did.

        Faults that are unspent or broken raise too, unless the block ends with an error of its own.
        """
        self._stop()
        if error is not None:
            return
        if self._failure is not None:
            raise self._failure
        if self.script.broken:
            raise self.script.broken[0]
        if self.script.unspent:
            raise UnspentFaults(f"No request met these faults: {', '.join(map(str, self.script.unspent))}.")

    def renew_client_secret(self) -> None:
        """As in the dashboard: from now on the old secret is refused, and `client_secret` is the new one."""
        self.client_secret += "-renewed"
        self._door.admit(self.client_id, self.client_secret)

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop()
        if self._thread is not None:
            self._thread.join(_START_WITHIN_S)
            self._thread = None
        if self._socket is not None:
            self._socket.close()

    def _hang_up(self, scope: Scope) -> None:
        """Closes the connection that a request came by; only from the server's own loop."""
        assert self._server is not None  # noqa: S101 - it is serving that request
        for connection in self._server.server_state.connections:
            if connection.transport.get_extra_info("peername") == scope["client"]:
                connection.transport.close()

    def _run(self) -> None:
        server, listener = self._server, self._socket
        assert server is not None and listener is not None  # noqa: S101, PT018 - set before the thread starts
        try:
            asyncio.run(server.serve(sockets=[listener]))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that started this one
            self._failure = error
        finally:
            server.settled.set()


class _Server(uvicorn.Server):
    """uvicorn without its polling: it says when it is up, and stops at once. (Its own loop looks every 100 ms.)"""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        """Set when the server is up, or has failed to come up."""
        self._stopping = asyncio.Event()
        self._own_loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Ends `main_loop`, from any thread."""
        self.should_exit = True
        if self._own_loop is not None:
            # A loop that is closed already has nothing left to stop.
            with contextlib.suppress(RuntimeError):
                self._own_loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Waits to be stopped."""
        self._own_loop = asyncio.get_running_loop()
        self.settled.set()
        if not self.should_exit:
            await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets requests in flight finish, for a while; then cuts them off."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + _STOP_WITHIN_S
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while (self.server_state.connections or self.server_state.tasks) and loop.time() < deadline_s:  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.001)
        for task in list(self.server_state.tasks):
            task.cancel()
        for server in self.servers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 0.1)
