"""The three bodies that describe a connection: its line in the list, its details, its status."""

from rutter_assets.sandbox.lifecycle import Batch
from rutter_assets.sandbox.merchant import Merchant
from rutter_assets.sandbox.moment import iso_text, to_ms
from rutter_assets.sandbox.shelf import Selection, Shelf

__all__ = ["detail", "line", "reference", "status"]

Json = dict[str, object]


def reference(merchant: Merchant, org_id: str) -> Json:
    """The `connection` that accompanies every answer."""
    return {"id": merchant.id, "orgId": org_id, "platform": merchant.platform}


def line(merchant: Merchant, now_ms: int) -> Json:
    """An item of `GET /connections`."""
    return {
        "id": merchant.id,
        "access_token": merchant.access_token,
        "link_url": merchant.link_url,
        "platform": merchant.platform,
        "name": merchant.name,
        "status": merchant.lifecycle.status(now_ms),
        "created_at": iso_text(merchant.lifecycle.connected_ms),
        "updated_at": iso_text(merchant.lifecycle.changed_ms(now_ms)),
    }


def detail(merchant: Merchant, now_ms: int) -> Json:
    """The `connection` of `GET /connections/access_token`."""
    lifecycle = merchant.lifecycle
    word = lifecycle.status(now_ms)
    outage = lifecycle.outage(now_ms)
    last_sync_ms = lifecycle.last_sync_ms(now_ms)
    return {
        "id": merchant.id,
        "store_unique_id": f"store-{merchant.id[:8]}",
        "disabled": word == "disabled",
        "disabled_reason": outage.reason if outage is not None and word == "disabled" else None,
        "needs_update": word == "needs_reauth",
        "link_url": merchant.link_url,
        "platform": merchant.platform,
        "store_domain": f"{merchant.id[:8]}.shop.example",
        "store_name": merchant.name,
        "unavailable_objects": [],
        "created_at": iso_text(lifecycle.connected_ms),
        "estimated_completed_at": _estimate(merchant, now_ms),
        "last_sync_started_at": _iso(last_sync_ms),
        "last_sync_completed_at": _iso(last_sync_ms),
        "oldest_order_date": None,
        "newest_order_date": None,
        "initial_orders_synced_count": None,
    }


def status(merchant: Merchant, shelf: Shelf, now_ms: int) -> Json:
    """The `status` of `GET /connections/status`; its counters are of the rows that are visible now."""
    lifecycle = merchant.lifecycle
    word = lifecycle.status(now_ms)
    outage = lifecycle.outage(now_ms)
    count, oldest_ms, newest_ms = shelf.span(now_ms, Selection())
    return {
        "platform": merchant.platform,
        "link_url": merchant.link_url,
        "created_at": iso_text(lifecycle.connected_ms),
        "is_ready": lifecycle.is_ready(now_ms),
        "is_healthy": outage is None,
        "last_sync_completed_at": _iso(lifecycle.last_sync_ms(now_ms)),
        "needs_update_status": {"needs_update": word == "needs_reauth"},
        "disabled_status": {
            "is_disabled": word == "disabled",
            "disabled_reason": outage.reason if outage is not None and word == "disabled" else None,
        },
        "historical_sync_status": {
            "historical_sync_completed": lifecycle.is_complete(now_ms),
            "total": {
                "transactions": {
                    "oldest_entity_date": _iso(oldest_ms),
                    "newest_entity_date": _iso(newest_ms),
                    "synced_count": count,
                    "ready": lifecycle.is_ready(now_ms),
                }
            },
            "num_batches_completed": lifecycle.batches_completed(now_ms) if lifecycle.batches else None,
            "synced_orders_count": None,
            merchant.counter_key: count,
            "synced_balance_sheets_count": None,
            "synced_cash_flows_count": None,
            "synced_income_statements_count": None,
            "estimated_completed_at": _estimate(merchant, now_ms),
            "expected_entity_counts": None,
            "batches": _batches(merchant, shelf, now_ms),
        },
    }


def _batches(merchant: Merchant, shelf: Shelf, now_ms: int) -> list[Json]:
    described: list[Json] = []
    in_progress = False
    for number, batch in enumerate(merchant.lifecycle.batches, start=1):
        completed = to_ms(batch.completed_at) <= now_ms
        state = "COMPLETED" if completed else "NOT_STARTED" if in_progress else "IN_PROGRESS"
        in_progress = in_progress or not completed
        oldest_ms, newest_ms = _batch_span(batch, shelf, now_ms) if completed else (None, None)
        progress = {
            "status": state,
            "oldest_batch_entity_date": _iso(oldest_ms),
            "newest_batch_entity_date": _iso(newest_ms),
        }
        described.append({"batch_num": number, "progress_info": {"transactions": progress}, "config": None})
    return described


def _batch_span(batch: Batch, shelf: Shelf, now_ms: int) -> tuple[int | None, int | None]:
    selection = Selection(to_ms(batch.created_from), to_ms(batch.created_to) - 1)
    _, oldest_ms, newest_ms = shelf.span(now_ms, selection)
    return oldest_ms, newest_ms


def _estimate(merchant: Merchant, now_ms: int) -> str | None:
    lifecycle = merchant.lifecycle
    return None if lifecycle.is_complete(now_ms) else iso_text(lifecycle.completes_ms())


def _iso(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso_text(moment_ms)
