"""Answers that a test scripts: the sandbox gives them in order instead of its own; one left unspent fails the test."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True)
class Answer:
    """An answer to the next request of `path`; a body that is not text is sent as JSON."""

    path: str
    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Script:
    """The middleware of a sandbox for one test: `with Script([...]) as script: Sandbox(..., middleware=script)`."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            assert not self._answers, f"unspent: {self._answers}"

    def __call__(self, inside: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"].removeprefix("/versioned")
            answer = next((a for a in self._answers if path == a.path), None)
            if answer is None:
                await inside(scope, receive, send)
                return
            self._answers.remove(answer)
            text = answer.body if isinstance(answer.body, str | bytes) else json.dumps(answer.body)
            await Response(text, answer.status, dict(answer.headers))(scope, receive, send)

        return app
