"""The page as a person sees it: in a headless Chromium, on a laptop and a phone, light and dark, without a network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

from rutter_assets.lake.lake import Lake
from rutter_assets.report.page import build
from tests.conftest import NOW
from tests.report.given import connection, fill, on
from tests.report.test_page import HOSTILE

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
LAPTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
CHARTS = ("fee-chart", "refund-chart", "cohort-chart", "chargeback-chart")
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "No Chromium is on the PATH: install it, or leave these tests out with -m 'not browser'."
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a lake with something in every chart, and a merchant whose name attacks it."""
    lake = Lake.open(str(tmp_path_factory.mktemp("browser") / "lake"), buckets=1, source="sandbox")
    sales = [on(ago, amount="100.10", fee="2.5", order_id=f"order-{ago}") for ago in range(1, 130, 3)]
    refunds = [on(ago - 5, type="refund", amount="-20", order_id=f"order-{ago}") for ago in range(10, 130, 9)]
    lost = on(20, type="other", platform_type="chargeback", amount="-50")
    others = [on(ago, connection_id="alder", amount="70", iso_currency_code="USD") for ago in range(4, 60, 6)]
    fill(
        lake,
        *(*sales, *refunds, lost, *others),
        connections=(
            connection("moss", name=HOSTILE),
            connection("alder", needs_update=True, last_sync_completed_at=NOW.replace(month=10, day=29)),
        ),
    )
    return Path(build(lake).uri)


@dataclass
class Seen:
    """An open page, and what it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def chart(self, name: str) -> Locator:
        return self.page.locator(f"#{name} svg")

    def drawn_marks(self, name: str) -> int:
        """How many bars and lines of a chart are long enough to be seen."""
        count: int = self.chart(name).evaluate(
            "svg => [...svg.querySelectorAll('.mark-rect path, .mark-line path')]"
            ".map(mark => mark.getBoundingClientRect()).filter(box => Math.max(box.width, box.height) > 20).length"
        )
        return count

    def evaluate(self, script: str) -> object:
        found: object = self.page.evaluate(script)
        return found


@contextmanager
def seen(browser: Browser, file: Path, size: ViewportSize = LAPTOP, scheme: Scheme = "light") -> Iterator[Seen]:
    """The page, drawn, in a browser without a network."""
    is_phone = size == PHONE
    with browser.new_context(
        viewport=size, color_scheme=scheme, is_mobile=is_phone, has_touch=is_phone, offline=True
    ) as context:
        found = Seen(context.new_page())
        context.on("request", lambda request: found.requests.append(request.url))
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("dialog", lambda dialog: found.complaints.append(dialog.message))
        found.page.goto(file.as_uri())
        found.page.wait_for_selector("html[data-drawn]")
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_it_is_whole_and_legible(browser: Browser, file: Path, size: ViewportSize, scheme: Scheme) -> None:
    with seen(browser, file, size, scheme) as found:
        assert found.requests == [file.as_uri()]
        assert found.complaints == []
        assert found.evaluate("document.documentElement.scrollWidth") == size["width"]
        for name in CHARTS:
            assert found.drawn_marks(name) > 0, name
            frame = found.chart(name).bounding_box()
            assert frame, name
            assert 0 <= frame["x"] < frame["x"] + frame["width"] <= size["width"], name
        contrast = found.page.evaluate(CONTRAST)
        assert contrast["faint"] == []
        assert contrast["count"] > 100


def test_the_scheme_changes_the_background_and_the_charts_while_it_is_open(browser: Browser, file: Path) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with seen(browser, file) as found:
        ink = found.chart("fee-chart").locator("text").first
        light = (found.evaluate(background), ink.get_attribute("fill"))
        found.page.emulate_media(color_scheme="dark")
        found.page.wait_for_selector("html[data-drawn=dark]")
        dark = (found.evaluate(background), ink.get_attribute("fill"))
    assert light[0] == "rgb(246, 245, 241)"
    assert dark[0] == "rgb(20, 22, 27)"
    assert light[1] != dark[1]


def test_a_script_that_got_in_would_not_run(browser: Browser, file: Path) -> None:
    with seen(browser, file) as found:
        assert found.page.locator("img").count() == 0
        found.evaluate(
            "{ const one = document.createElement('script'); one.textContent = 'isIn = true';"
            " document.body.append(one); document.body.insertAdjacentHTML('beforeend', '<p onclick=\"isIn=1\" id=p>') }"
        )
        found.evaluate("document.getElementById('p').click()")
        assert found.evaluate("window.isIn") is None
        assert all("Content Security Policy" in complaint for complaint in found.complaints)
        assert len(found.complaints) == 2


def test_another_merchant_is_drawn_and_tables_are_filtered(browser: Browser, file: Path) -> None:
    with seen(browser, file) as found:
        before = found.chart("refund-chart").inner_html()
        found.page.select_option("#merchant", label="USD · Alder (sample)")
        found.page.wait_for_function(
            "html => document.querySelector('#refund-chart svg').innerHTML !== html", arg=before
        )
        assert found.page.locator("#fees tbody tr:visible").count() == 2
        found.page.fill("#filter", "ALDER")
        assert found.page.locator("#fees tbody tr:visible").all_inner_texts()[0].startswith("Alder (sample)")
        assert found.page.locator("#fees tbody tr:visible").count() == 1


def test_a_tooltip_tells_the_exact_amount(browser: Browser, file: Path) -> None:
    with seen(browser, file) as found:
        found.chart("fee-chart").locator(".mark-rect path").first.hover()
        found.page.wait_for_selector("#vg-tooltip-element.visible")
        assert "107.5" in found.page.inner_text("#vg-tooltip-element")
        assert "script" in found.page.inner_text("#vg-tooltip-element"), "the name, as text"
