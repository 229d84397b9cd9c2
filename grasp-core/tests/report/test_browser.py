"""The page in a real browser: ``nox -s report`` (needs Chromium and its driver)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from grasp.report.html import run_page

from ..toys import Model, run_toy

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
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
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
