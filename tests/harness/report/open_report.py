"""Opens reports in Chromium and fails where a reader would see a fault. scripts/check_report.sh runs it.

    open_report.py PAGE [--seconds N] [--screenshots FOLDER] [--large]
"""
import argparse
import pathlib
import time

from axe_selenium_python import Axe
from selenium import webdriver

OPEN = "for (const part of document.querySelectorAll('details')) part.open = arguments[0]"
UNNAMED = """return [...document.querySelectorAll('svg')].filter(svg =>
    !svg.getAttribute('aria-label') || svg.getBoundingClientRect().width < 50 ||
    svg.getBoundingClientRect().height < 20).length"""
COLUMN = """return [...document.querySelector('table').tBodies[0].rows].map(row =>
    parseFloat(row.cells[arguments[0]].dataset.value)).filter(value => !isNaN(value))"""
SORT = "document.querySelectorAll('thead th')[arguments[0]].querySelector('button').click()"
PICK = """const button = document.querySelector('.legend button');
    if (!button) return null;
    button.click();
    return [button.closest('figure').querySelectorAll('svg.picked .chosen').length,
            button.getAttribute('aria-pressed')]"""


def browser(width, dark=False):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    if dark:
        feature = {"name": "prefers-color-scheme", "value": "dark"}
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    return opened


def seconds_to_open(opened, page):
    opened.get("about:blank")
    start = time.monotonic()
    opened.get(page.as_uri())
    return time.monotonic() - start


def check(opened, page, seconds, width):
    took = min(seconds_to_open(opened, page) for _ in range(3))  # another program may have the processor
    assert took < seconds, f"it took {took:.1f} s to open"
    log = [entry for entry in opened.get_log("browser") if "favicon" not in entry["message"]]
    assert not log, f"the console says {log}"
    reach = opened.execute_script("return document.documentElement.scrollWidth")
    assert reach <= width, f"at {width} pixels the page is {reach} wide"
    opened.execute_script(OPEN, True)
    reach = opened.execute_script("return document.documentElement.scrollWidth")
    assert reach <= width, f"at {width} pixels the page is {reach} wide where all is open"
    assert opened.execute_script(UNNAMED) == 0, "a picture has no name or no size"
    opened.execute_script(OPEN, False)


def check_accessible(opened):
    """What axe-core finds serious: contrast, names, order of headings, ..."""
    axe = Axe(opened)
    axe.inject()
    found = [one for one in axe.run()["violations"] if one["impact"] in ("serious", "critical")]
    places = [f"{one['id']}: {one['help']}, at {one['nodes'][0]['target']}" for one in found]
    assert not found, "\n".join(["axe-core finds faults:", *places])


def check_script(opened):
    before = opened.execute_script(COLUMN, 1)
    opened.execute_script(SORT, 1)
    assert opened.execute_script(COLUMN, 1) == sorted(before, reverse=True), "a click does not sort a table"
    opened.execute_script(SORT, 1)
    assert opened.execute_script(COLUMN, 1) == sorted(before), "a second click does not turn it around"
    picked = opened.execute_script(PICK)
    assert picked is None or (picked[0] > 0 and picked[1] == "true"), "a legend does not pick its model"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("--large", action="store_true", help="leave out what takes long on a large page")
    arguments = parser.parse_args()
    page = arguments.page.resolve()
    for width, dark in ((1400, False), (400, False), (1400, True)):
        opened = browser(width, dark)
        try:
            check(opened, page, arguments.seconds, width)
            if arguments.screenshots:
                name = f"{page.stem}-{width}{'-dark' if dark else ''}.png"
                opened.save_screenshot(str(arguments.screenshots / name))
            check_script(opened)
            if not arguments.large:  # it takes a minute there, and the page has the same parts
                check_accessible(opened)
        finally:
            opened.quit()
    print(f"{page.name}: no fault seen")


main()
