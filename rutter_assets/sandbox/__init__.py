"""The sandbox: a local server that behaves like the Rutter API, over real HTTP, and knows the truth.

It is a witness, not a mirror: it imports nothing of `rutter_assets` but itself, writes its own JSON, keeps its own
books, and computes what a client should find with its own reading of `docs/metrics.md`. State is a pure function of
(seed, epoch, clock): the epoch is the instant at which a world was made, the clock is now. Two processes with the
same three serve the same bytes.

    clock = Clock.frozen(datetime(2026, 11, 1, tzinfo=UTC))
    with Sandbox(World.demo(seed=7, epoch=clock.now()), clock) as sandbox:
        httpx.get(f"{sandbox.base_url}/connections", auth=(sandbox.client_id, sandbox.client_secret), headers=...)

**What it imitates.** `GET /connections`, `/connections/access_token`, `/connections/status`, `/transactions` and
`/transactions/{id}` under `/versioned`, with Basic auth, the version header, request ids, error bodies, cursors,
filters, the rate limit of 500 requests in 10 s, the stages of a connection's life, and the habits of eight platforms.
What goes wrong on the way is scripted, one request at a time, by the functions of `faults`: limits, platform errors 450
and 452, 5xx, silence, cut connections, broken, huge and misshapen bodies, cursors that loop, rows of another type.
Sources: the documentation pages "Fetch a Connection Status" and "Transactions"
(https://docs.rutter.com/rest/2024-08-31/connections, .../transactions), errors and rate limiting
(https://docs.rutter.com/rest/2023-03-14/errors, https://help.rutter.com), and the two public clients generated from the
API's specification (speakeasy-sdks/rutter-ts, jonahseguin/rutter-ts). Where those disagree, the newer specification is
followed; the docstring beside each such choice says so.

**What it does not imitate.** Writes, webhooks, `/connections/backfill` and `incremental_sync`, token invalidation,
accounting objects, orders, payouts as objects; the legacy root without `/versioned`; differences between API
versions; `expand`, which is ignored like every unknown parameter; TLS, HTTP/2, compression of good answers. Nothing
goes wrong unless it is scripted, and the bodies of 450 and 452 are invented: only the statuses are documented. Syncs
take no time and never fail, but for an `Outage`. A refused request does not count against the rate limit. Error codes
other than the documented ones are invented (see `refusal`), and so is every merchant, except for the replayed one,
whose rows are real (see `data/README.md`).
"""

from rutter_assets.sandbox import faults
from rutter_assets.sandbox.clock import Clock
from rutter_assets.sandbox.door import RequestRecord
from rutter_assets.sandbox.given import given_row, gone
from rutter_assets.sandbox.lifecycle import Batch, Lifecycle, Outage
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.script import Fault, UnspentFaults
from rutter_assets.sandbox.server import Sandbox
from rutter_assets.sandbox.truth import Truth
from rutter_assets.sandbox.version import Version
from rutter_assets.sandbox.world import World

__all__ = [
    "Batch",
    "Clock",
    "Fault",
    "Lifecycle",
    "Merchant",
    "Outage",
    "RequestRecord",
    "Sandbox",
    "Truth",
    "UnspentFaults",
    "Version",
    "World",
    "faults",
    "given_row",
    "gone",
]
