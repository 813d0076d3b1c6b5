"""The page as text: what is in it, exactly, and what must never be."""

import json
import re
from html import unescape

import pytest

from rutter_assets.lake import layout
from rutter_assets.lake.lake import Lake
from rutter_assets.report.content import CHARTED_MOST, content
from rutter_assets.report.page import build, render
from tests.conftest import NOW
from tests.report.given import connection, fill, on

HOSTILE = "</td></script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e & 'Sons'"


def page_of(lake: Lake) -> str:
    return render(content(lake))


def cells(page: str, table: str) -> list[list[str]]:
    """The texts of a table's rows."""
    body = re.findall(rf'<table id="{table}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body)
    return [[unescape(re.sub("<.*?>", " ", cell)).strip() for cell in re.findall(r"<td.*?</td>", row)] for row in rows]


def drawn(page: str) -> dict[str, list[dict[str, object]]]:
    """What the charts are drawn from."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    data: dict[str, list[dict[str, object]]] = json.loads(found)
    return data


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, str]:
    """A lake with a merchant of a hostile name, one whose amounts are hard to write, and one that must act."""
    lake = Lake.open(str(tmp_path_factory.mktemp("report") / "lake"), buckets=1, source="sandbox")
    fill(
        lake,
        on(3, amount="1234567.123456789", fee="0.000000001"),
        on(2, type="refund", amount="-0.10"),
        on(2, connection_id="yen", amount="1000", iso_currency_code="JPY"),
        on(2, connection_id="gone", amount="333.33"),
        connections=(
            connection("moss", name=HOSTILE),
            connection("yen", name=None),
            connection("gone", needs_update=True, last_sync_completed_at=NOW.replace(month=10, day=31)),
            connection("never", is_disabled=True, disabled_reason="SHOP_PAYMENT_REQUIRED"),
        ),
    )
    return lake, page_of(lake)


def test_money_is_written_to_the_last_digit_and_null_as_unknown(small: tuple[Lake, str]) -> None:
    assert cells(small[1], "fees")[0][1:] == [
        "EUR", "1,234,567.123456789", "0.000000001", "0.00 %", "100.00 %", "0.00 %",
    ]  # fmt: skip
    assert cells(small[1], "fees")[2] == [
        "WOO_COMMERCE WOO_COMMERCE", "JPY", "1,000", "unknown", "unknown", "0.00 %", "unknown",
    ]  # fmt: skip


def test_the_queue_says_what_to_do_and_about_how_much_is_dark(small: tuple[Lake, str]) -> None:
    gone, never = cells(small[1], "queue")
    assert gone[1:5] == ["EUR", "11.11", "1", "333.33"]
    assert gone[6] == "Log in again through the connection's link."
    assert never[1:4] == ["unknown", "unknown", "0"]
    assert never[6] == "Pay what is due to the platform (SHOP_PAYMENT_REQUIRED)."


def test_a_name_is_only_ever_text(small: tuple[Lake, str]) -> None:
    page = small[1]
    assert HOSTILE.replace("\u202e", "?") in cells(page, "fees")[0][0]
    assert f"EUR · {HOSTILE}".replace("\u202e", "?") in [row["label"] for row in drawn(page)["fees"]]
    assert "<img" not in page.split("<script>")[0]
    assert len(re.findall(r"<script\b", page)) == page.count("</script>") == 3
    assert "\u202e" not in page


def test_nothing_is_fetched_and_no_other_script_may_run(small: tuple[Lake, str]) -> None:
    head = small[1].split("<script>")[0]
    assert "default-src 'none'" in head
    assert len(re.findall(r"'sha256-[^']+'", head)) == 2
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", head)


def test_the_same_lake_gives_the_same_bytes_in_one_file(small: tuple[Lake, str]) -> None:
    report = build(small[0])
    stored = small[0].storage.read(layout.REPORT)
    assert stored == small[1].encode()
    assert (report.size_bytes, report.merchants, report.charted) == (len(stored), 4, 3)


def test_before_anything_is_known_the_page_says_so(lake: Lake) -> None:
    page = page_of(lake)
    for sentence in ("No snapshot of the connections was taken yet.", "Nobody must act.", "No sales are stored yet."):
        assert sentence in page


def test_of_many_merchants_all_are_in_the_tables_and_a_few_are_drawn(lake: Lake) -> None:
    names = [f"merchant-{number:04d}" for number in range(1000)]
    fill(
        lake,
        *(on(1, connection_id=name, amount=str(3000 - number)) for number, name in enumerate(names)),
        connections=tuple(connection(name) for name in names),
    )
    page = page_of(lake)
    assert len(cells(page, "fees")) == len(cells(page, "completeness")) == 1000
    assert [row["label"] for row in drawn(page)["merchants"]] == [
        f"EUR · Merchant-{number:04d} (sample)" for number in range(CHARTED_MOST)
    ]
    assert len(page) < 2_500_000
