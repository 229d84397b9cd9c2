"""The page in a real browser: ``nox -s report`` (needs Chromium and its driver)."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grasp.cli import main as root
from grasp.report.html import run_page
from grasp.report.html.live import server
from grasp.runs.rundir import RunDirectory

from ..toys import Model, Toy, run_toy

selenium = pytest.importorskip("selenium", reason="needs selenium; nox -s report")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromium-driver"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    folder = tmp_path_factory.mktemp("browser")
    run_toy(folder / "run", Model())
    page = folder / "page.html"
    page.write_text(run_page(folder / "run"), encoding="utf-8")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1100,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    driver.get(page.as_uri())
    yield driver
    driver.quit()


def find(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def wait(browser: Any, condition: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 10).until(lambda b: b.execute_script(f"return {condition}"))


def test_it_loads_without_errors(browser: Any) -> None:
    assert browser.get_log("browser") == []
    assert "GRASP" in browser.title


def test_it_asks_for_nothing(browser: Any) -> None:
    sent = [e["message"] for e in browser.get_log("performance")]
    sent = [m for m in sent if 'Network.requestWillBeSent"' in m]
    assert sent
    assert all('"url":"file:' in m or '"url":"data:' in m for m in sent)


def test_from_a_flip_to_its_traces(browser: Any) -> None:
    flip = find(browser, ".winner .flips .fixed")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", flip)
    flip.click()
    wait(browser, "document.querySelector('#trace').open")
    titles = [e.text for e in browser.find_elements("css selector", "#conversations h3")]
    assert len(titles) == 2
    assert "/probe/baseline/" in titles[0]
    assert "/probe/c" in titles[1]
    marks = browser.find_elements("css selector", "#conversations > div:nth-child(2) mark")
    assert any("RULE" in mark.text for mark in marks)
    assert not browser.find_elements("css selector", "#conversations > div:nth-child(1) mark")
    find(browser, "#trace button[aria-label=Close]").click()
    wait(browser, "!document.querySelector('#trace').open")


def test_episodes_can_be_found(browser: Any) -> None:
    box = find(browser, "#find")
    box.send_keys("baseline/val val-1")
    wait(browser, "document.querySelectorAll('#rows tr').length === 1")
    box.clear()
    box.send_keys(" ")
    find(browser, "#verdict").send_keys("wrong")
    wait(browser, "document.querySelector('#count').textContent.includes('of')")
    cells = browser.find_elements("css selector", "#rows td:nth-child(3)")
    assert {cell.text for cell in cells} == {"wrong"}


def test_light_and_dark(browser: Any) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    before = browser.execute_script(f"return {colour}")
    find(browser, "#theme").click()
    assert browser.execute_script(f"return {colour}") != before


def test_buttons_have_names_and_keys_reach_them(browser: Any) -> None:
    nameless = browser.execute_script(
        "return [...document.querySelectorAll('button')].filter("
        "b => !(b.textContent.trim() || b.getAttribute('aria-label'))).length"
    )
    assert nameless == 0
    flip = find(browser, ".winner .flips .fixed")
    flip.send_keys("\ue007")  # Enter.
    wait(browser, "document.querySelector('#trace').open")
    find(browser, "body").send_keys("\ue00c")  # Escape.
    wait(browser, "!document.querySelector('#trace').open")
    assert browser.get_log("browser") == []


def test_everything_one_can_use_has_a_name(browser: Any) -> None:
    nameless = [
        e.get_attribute("outerHTML")[:100]
        for e in browser.find_elements("css selector", "a, button, input, select, summary, svg")
        if e.is_displayed() and not e.accessible_name
    ]
    assert nameless == []


_CONTRAST = """
  const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => {
    const [r, g, b] = rgb(colour).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let element = document.querySelector(arguments[0]);
  const front = light(getComputedStyle(element).color);
  while (getComputedStyle(element).backgroundColor === "rgba(0, 0, 0, 0)") {
    element = element.parentElement;
  }
  const back = light(getComputedStyle(element).backgroundColor);
  return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
"""


def test_both_themes_can_be_read(browser: Any) -> None:
    for _ in range(2):
        for selector in ("body", ".quiet", ".accept", ".reject", ".flips .fixed", "#rows .wrong"):
            if browser.find_elements("css selector", selector):
                assert browser.execute_script(_CONTRAST, selector) >= 4.5, selector  # WCAG AA
        find(browser, "#theme").click()


def test_focus_returns_to_where_the_reader_was(browser: Any) -> None:
    flip = find(browser, ".winner .flips .fixed")
    flip.send_keys("\ue007")  # Enter.
    wait(browser, "document.querySelector('#trace').open")
    assert browser.execute_script("return document.activeElement.closest('dialog') !== null")
    browser.switch_to.active_element.send_keys("\ue00c")  # Escape.
    wait(browser, "!document.querySelector('#trace').open")
    assert browser.execute_script("return document.activeElement === arguments[0]", flip)


def test_links_lead_to_a_trace_and_to_a_folded_update(browser: Any) -> None:
    page = browser.current_url.partition("#")[0]
    browser.get("about:blank")
    browser.get(page + "#trace=test%2Flearned%2Ftest-0")
    wait(browser, "document.querySelector('#trace').open")
    assert "RULE" in find(browser, "#conversations mark").text
    browser.get("about:blank")
    browser.get(page)
    browser.execute_script(
        "for (const e of document.querySelectorAll('main details')) e.open = false"
    )
    link = find(browser, ".timeline a")
    link.click()
    wait(browser, "document.querySelector('#updates details').open")
    assert browser.get_log("browser") == []


def test_ten_thousand_episodes_stay_quick(browser: Any, tmp_path: Path) -> None:
    task = Toy(dev=4000, val=1000, test=1500)
    run_toy(tmp_path / "big", Model(), task, batch_size=500, probe_size=60, concurrency=2)
    started = time.monotonic()
    page = tmp_path / "big.html"
    page.write_text(run_page(tmp_path / "big"), encoding="utf-8")
    written = time.monotonic() - started
    started = time.monotonic()
    browser.get(page.as_uri())
    loaded = time.monotonic() - started
    total = int(find(browser, "#count").text.split()[-1])
    assert total >= 10_000
    started = time.monotonic()
    find(browser, "#find").send_keys("test/learned test-1499")
    wait(browser, "document.querySelectorAll('#rows tr').length === 1")
    find(browser, "#rows button").click()
    wait(browser, "document.querySelector('#trace').open")
    opened = time.monotonic() - started
    print(
        f"{total} episodes, {page.stat().st_size / 1e6:.1f} MB: written in {written:.1f} s, "
        f"loaded in {loaded:.1f} s, found and opened in {opened:.1f} s"
    )
    assert loaded < 5
    assert opened < 5


def test_a_served_page_tells_that_the_run_has_gone_on(browser: Any, tmp_path: Path) -> None:
    run_toy(tmp_path / "r", Model())
    journal = tmp_path / "r" / "journal.jsonl"
    whole = journal.read_text()
    journal.write_text("".join(whole.splitlines(keepends=True)[:4]))
    with server(RunDirectory(tmp_path / "r")) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        browser.get(f"http://127.0.0.1:{serving.server_port}/")
        assert not find(browser, "#news").is_displayed()
        journal.write_text(whole)
        wait(browser, "!document.querySelector('#news').hidden")
        find(browser, "#reload").click()
        wait(browser, "document.querySelector('#skills article') !== null")
        assert browser.get_log("browser") == []
        serving.shutdown()


def test_from_a_folder_of_runs_to_a_run(browser: Any, tmp_path: Path) -> None:
    for seed in (1, 2):
        run_toy(tmp_path / "sweep" / f"seed-{seed}", Model(), seed=seed)
    assert root._guarded(["report", str(tmp_path / "sweep")]) == 0
    before = browser.current_url
    browser.get((tmp_path / "sweep" / "report.html").as_uri())
    assert browser.get_log("browser") == []
    root_color = "getComputedStyle(document.body).backgroundColor"
    was = browser.execute_script(f"return {root_color}")
    find(browser, "#theme").click()
    assert browser.execute_script(f"return {root_color}") != was
    find(browser, "#runs td a").click()
    wait(browser, "document.title.startsWith('seed-1')")
    assert browser.get_log("browser") == []
    browser.get(before)
