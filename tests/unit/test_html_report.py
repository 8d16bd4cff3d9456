"""`pipeline report --html`: what stands on the page, and that nothing of the data becomes part of the page itself."""

import json
import os
import re
import shutil
import subprocess
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest

from cli.contracts import EVENTS
from cli.dataset import Place, open_dataset
from cli.html_report.facts import range_facts
from cli.html_report.page import html_page
from tests.unit.pipeline_command import Pipeline
from tests.unit.season import ACCEPTED, FAILED, MENDED, MISSING, ROLLED_BACK, Season
from tests.unit.shop import CONTRACT, COUNTS, DAY, START, Shop

MOST_BYTES: Final = 2_000_000
MANY_NULLS: Final = replace(COUNTS, by_rule={**COUNTS.by_rule, "user_id_null_rate": 500})
COUNTED_BY: Final = "by the last run of each date, failed ones too"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing of it may reach the network by itself, https://peter.sh/experiments/chromium-command-line-switches/.
QUIET: Final = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=3000"
).split()


class Page(HTMLParser):
    """The elements of a page with their attributes, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def _labels(html: str) -> list[str]:
    """Return the texts on the axes that can be seen."""
    return re.findall(r'<text[^>]* opacity="1">([^<]*)</text>', html)


@pytest.fixture
def season(shop: Shop) -> list[date]:
    return Season(shop).write(60)


def written(pipeline: Pipeline, place: Path, *arguments: str) -> Page:
    document = pipeline.json("report", "--html", str(place / "report.html"), *arguments)
    html = Path(document["file"]).read_text(encoding="utf-8")
    assert document["bytes"] == len(html.encode()) < MOST_BYTES
    return Page(html)


class TestPage:
    def test_begins_with_how_the_dates_are(self, pipeline: Pipeline, season: list[date], tmp_path: Path) -> None:
        page = written(pipeline, tmp_path)
        assert (
            "58 of 60 dates are published, 1 of them accepted by a person; 1 date whose last run failed; "
            f"1 date without a run. The latest one published is {season[-1]}, "
        ) in page.text
        published = sum(
            int(rows.replace(",", "")) for rows in re.findall(r"published(?:, \w[\w ]*)? [\d,]+ ([\d,]+)", page.text)
        )
        assert f"rows published {published:,} what readers see" in page.text  # what failed its checks is none of them

    def test_says_what_needs_somebody_and_with_which_command(
        self, pipeline: Pipeline, season: list[date], tmp_path: Path
    ) -> None:
        text = written(pipeline, tmp_path).text
        failed, missing = season[FAILED], season[MISSING]
        assert (
            f"What needs attention {missing} ○ nothing ran though dates before and after it are there "
            f"pipeline run {missing} {failed} ✕ failed null rate of user_id is 4.398 %, limit 3 % "
            f"Nothing of this date is published. pipeline report {failed} pipeline run {failed} Dates "
        ) in text

    def test_shows_each_date_in_the_calendar(self, pipeline: Pipeline, season: list[date], tmp_path: Path) -> None:
        page = written(pipeline, tmp_path)
        cells = {
            str(found["title"])[:10]: (found["class"], str(found["title"])[12:])
            for tag, found in page.elements
            if tag == "td" and found.get("title")
        }
        assert list(cells) == list(map(str, season))
        odd = {str(season[number]): cells[str(season[number])] for number in (FAILED, MISSING, ACCEPTED)}
        assert list(odd.values()) == [
            ("bad", "failed"), ("none", "nothing ran"), ("warn", "published, accepted"),
        ]  # fmt: skip
        assert {cell for day, cell in cells.items() if day not in odd} == {("good", "published")}

    def test_places_each_date_below_its_day_of_the_week(
        self, pipeline: Pipeline, season: list[date], tmp_path: Path
    ) -> None:
        html = (tmp_path / "report.html", written(pipeline, tmp_path))[0].read_text(encoding="utf-8")
        for row in re.findall(r"<tr>((?:<td.*?</td>){7})</tr>", html):
            for place, cell in enumerate(re.findall(r"<td.*?</td>", row)):
                found = re.search(r'title="(\S+):', cell)
                assert found is None or date.fromisoformat(found[1]).weekday() == place
        assert len(re.findall(r'<td class="\w+" title=', html)) == len(season)

    def test_tells_each_chart_in_a_sentence(self, pipeline: Pipeline, season: list[date], tmp_path: Path) -> None:
        figures = [found for tag, found in written(pipeline, tmp_path).elements if tag == "figure"]
        told = [str(figure["aria-label"]) for figure in figures]
        assert [label.partition(":")[0] for label in told] == [
            "rows published", "malformed-line rate, %", "duplicate rate of event_id, %", "null rate of user_id, %",
            "row count, against earlier dates", "event_type", "estimated cost per date, USD",
        ]  # fmt: skip
        assert f"Marked: {season[FAILED]}. Check user_id_null_rate." in told[3]
        assert f"Marked: {season[ACCEPTED]}. Check rows_usual." in told[4]
        assert told[5].startswith("event_type: Shares of event_type over all dates: view_item 6")

    def test_draws_limits_and_marks(self, pipeline: Pipeline, season: list[date], tmp_path: Path) -> None:
        html = (tmp_path / "report.html", written(pipeline, tmp_path))[0].read_text(encoding="utf-8")
        figures = re.findall(r"<figure.*?</figure>", html, re.DOTALL)
        assert [figure.count('stroke="var(--limit)"') for figure in figures] == [0, 1, 1, 1, 2, 0, 0]
        assert [('fill="var(--bad)"' in figure, "var(--warn)" in figure) for figure in figures[3:5]] == [
            (True, False), (False, True),
        ]  # fmt: skip
        assert len(season) == 60

    def test_takes_no_numbers_and_no_failure_from_a_run_that_was_overtaken(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path
    ) -> None:
        """Two runs of a date were at work at once, and the one that began first published."""
        shop.publish(1, minutes=5)
        shop.note(2, day=DAY, status="superseded", counts=MANY_NULLS, message="superseded, …")
        text = written(pipeline, tmp_path).text
        assert "What needs attention" not in text
        assert re.search(rf"{DAY} ✓ published 1,010 [\d, ]+ 2 -", text)
        assert "All checks held on every date." in text

    def test_tells_of_a_run_that_lost_its_lease_though_an_older_version_is_published(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path
    ) -> None:
        shop.publish(1)
        shop.note(2, day=DAY, status="superseded", counts=MANY_NULLS, message="superseded, its lease ended; run again")
        text = written(pipeline, tmp_path).text
        assert "What needs attention" in text
        assert "superseded, its lease ended; run again" in text
        assert "All checks held on every date." in text

    def test_tells_of_a_run_that_was_overtaken_where_nothing_is_published(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path
    ) -> None:
        shop.note(2, day=DAY, status="superseded", counts=COUNTS, message="superseded, the lease ended")
        assert f"{DAY} ✕ failed superseded, the lease ended" in written(pipeline, tmp_path).text

    def test_writes_small_rates_as_they_are(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> None:
        """Not as thousandths, 20m, which look like millions."""
        Season(shop).write(10)
        for metrics in shop.root.glob("metrics/*/*/*.json"):
            document = json.loads(metrics.read_bytes())
            for check in document["checks"]:
                if check["unit"] == "percent":
                    check |= {"value": check["value"] / 100, "limit": 0.02}
            metrics.write_text(json.dumps(document))
        html = (tmp_path / "report.html", written(pipeline, tmp_path))[0].read_text(encoding="utf-8")
        rows, malformed = re.findall(r"<figure.*?</figure>", html, re.DOTALL)[:2]
        assert {"0", "10k", "20k"} <= set(_labels(rows))
        assert {"0", "0.01", "0.02"} <= set(_labels(malformed))

    def test_draws_no_date_over_another(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> None:
        Season(shop).write(400)
        page = written(pipeline, tmp_path, "--from", str(DAY), "--to", str(DAY + timedelta(days=399)))
        html = (tmp_path / "report.html", page)[0].read_text(encoding="utf-8")
        assert "1 Jul" in _labels(html)
        assert "1 Apr" not in _labels(re.findall(r"<figure.*?</figure>", html, re.DOTALL)[0])  # 1 Jan 2025 reaches it

    def test_of_a_date_ahead_says_so(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> None:
        """As of a source that is on the other side of midnight."""
        tomorrow = datetime.now(UTC).date() + timedelta(days=2)
        shop.publish(1, day=tomorrow)
        assert re.search(
            rf"The latest one published is {tomorrow}, [12] days? after this page was made\.",
            written(pipeline, tmp_path).text,
        )

    def test_tells_what_did_not_hold_and_what_came_of_it(
        self, pipeline: Pipeline, season: list[date], tmp_path: Path
    ) -> None:
        text = written(pipeline, tmp_path).text
        assert f"{season[ACCEPTED]} rows_usual row count is 7,399, expected 19,947 to 25,387 (40 dates)" in text
        assert "accepted by ann: a public holiday, confirmed by the shop" in text
        failed = f"{season[FAILED]} user_id_null_rate null rate of user_id is 4.398 %, limit 3 %"
        assert f"{failed} kept it from being published" in text

    def test_tells_why_lines_are_in_quarantine_rollbacks_costs_and_contracts(
        self, pipeline: Pipeline, season: list[date], tmp_path: Path
    ) -> None:
        text = written(pipeline, tmp_path).text
        assert re.search(r'1,\d{3} 5\d price is not decimal\(12,2\) \{"event_id": "e7", "price": "free"\} in ', text)
        assert re.search(rf"{season[ROLLED_BACK]} 2 \S+ 2025-01-29 03:00:00 ↺ yes", text)
        assert f"1.0.0 {season[0]} {season[29]} 30 1.1.0 {season[30]} {season[59]} 29" in text
        assert re.search(r"2025-01 \d\d,\d{3} 2\.\d\d USD 2025-02", text)

    @pytest.mark.parametrize(("packed", "is_export"), [({}, True), ({"object_format": "document"}, False)])
    def test_advises_an_export_of_lines_only_where_there_are_lines_to_correct(
        self, season: list[date], shop: Shop, packed: dict[str, Any], *, is_export: bool
    ) -> None:
        opened = open_dataset(Place(data_uri=shop.root.as_uri(), contract=str(EVENTS)))
        dataset = replace(opened, contract=replace(CONTRACT, **packed))
        facts = range_facts(dataset, season[0], season[-1])
        text = Page(html_page(facts, made_at=START, options=" --contract events")).text
        assert ("pipeline replay DATE --export FILE --contract events" in text) == is_export
        assert ("pipeline replay DATE --contract events" in text) == (not is_export)

    def test_numbers_of_lines_and_rows_add_up_and_say_what_they_count(
        self, pipeline: Pipeline, season: list[date], shop: Shop, tmp_path: Path
    ) -> None:
        key = shop.root / shop.paths.metrics_key(season[-1], shop.run_id((len(season) - 1) * 10 + 2))
        metrics = json.loads(key.read_bytes())
        metrics |= {"rows_quarantined": metrics["rows_quarantined"] + 249, "rows_replaced": 249}
        key.write_text(json.dumps(metrics))
        text = written(pipeline, tmp_path).text
        [(lines, replaced)] = re.findall(
            rf"lines quarantined ([\d,]+) {COUNTED_BY}; corrected lines stand for (\d+) of them", text
        )
        listed = sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) 5\d (?:price is|not one)", text))
        assert (replaced, int(lines.replace(",", "")) - 249) == ("249", listed)
        assert f"{listed:,} in this table; 249 lines that corrected ones stand for. Quarantined" in text
        assert re.search(rf"{season[FAILED]} ✕ failed [\d,]+ - \d+ \d+ 1 user_id_null_rate", text)
        assert "rows published are what is left" in text

    def test_says_of_lines_that_were_all_corrected_where_they_are(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path
    ) -> None:
        shop.publish(1)
        content = shop.store.read(shop.paths.metrics_key(DAY, shop.run_id(1)))
        assert content is not None
        shop.write_metrics(1, {**json.loads(content.data), "rows_quarantined": 10, "rows_replaced": 10})
        told = f"10 lines quarantined {COUNTED_BY}: 10 lines that corrected ones stand for."
        assert told in written(pipeline, tmp_path).text

    def test_lists_every_date_in_numbers(self, pipeline: Pipeline, season: list[date], tmp_path: Path) -> None:
        page = written(pipeline, tmp_path)
        rows = [str(found["id"]) for tag, found in page.elements if tag == "tr" and "id" in found]
        assert rows == [f"d{day}" for day in reversed(season)]
        links = {str(found["href"]) for tag, found in page.elements if tag == "a"}
        assert links == {f"#d{day}" for day in season}
        assert f"{season[MENDED]} ✓ published" in page.text

    def test_of_two_years_stays_small(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> None:
        days = Season(shop).write(730)
        page = written(pipeline, tmp_path, "--from", str(days[0]), "--to", str(days[-1]))
        assert "728 of 730 dates are published" in page.text
        assert "event_type, by week" in page.text

    def test_says_what_could_not_be_read(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> None:
        shop.publish(1)
        run_id = shop.publish(2, day=DAY + timedelta(days=1))
        (shop.root / shop.paths.publication_key(DAY)).write_text("{")
        (shop.root / shop.paths.metrics_key(DAY + timedelta(days=1), run_id)).write_text("{")
        text = written(pipeline, tmp_path).text
        assert "2025-01-01: publication record" in text
        assert f"2025-01-02: the metrics of run {run_id} cannot be used" in text


class TestRange:
    def test_is_the_last_sixty_dates_up_to_the_latest(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> None:
        days = Season(shop).write(80)
        assert f"{days[20]} to {days[79]}" in written(pipeline, tmp_path).text

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--from", "2025-01-05"], "2025-01-05 to 2025-01-20"),
            (["--to", "2025-01-05"], "2025-01-01 to 2025-01-05"),
            (["--from", "2025-01-30", "--to", "2025-02-02"], "2025-01-30 to 2025-02-02"),
            (["2025-01-03"], "2025-01-03 to 2025-01-03"),
        ],
    )
    def test_is_what_is_asked_for(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path, arguments: list[str], said: str
    ) -> None:
        Season(shop).write(20)
        assert said in written(pipeline, tmp_path, *arguments).text

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "said"),
        [
            (["--html", "{}/r.html", "--from", "2025-01-05", "--to", "2025-01-04"], 2, "ends before it begins"),
            (["--html", "{}/r.html", "--from", "2021-01-05", "--to", "2025-01-04"], 2, "longer than three years"),
            (["--html", "{}/r.html", "--run", "R"], 2, "a page is about a range of dates"),
            (["--html", "{}/r.html", "2025-01-01", "--to", "2025-01-04"], 2, "a page is about a range of dates"),
            (["--html", "{}/no/r.html"], 2, "there is no directory"),
            (["--html", "{}"], 2, "is a directory; name a file in it"),
            (["--from", "2025-01-05"], 2, "--from, --to and --open go with --html FILE"),
            (["--open", "2025-01-05"], 2, "--from, --to and --open go with --html FILE"),
            ([], 2, "or --html FILE for a range of dates"),
        ],
    )
    def test_is_refused_where_it_is_none(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path, arguments: list[str], exit_code: int, said: str
    ) -> None:
        shop.publish(1)
        result = pipeline("report", *(argument.format(tmp_path) for argument in arguments))
        assert (result.exit_code, result.out) == (exit_code, "")
        assert said in result.err
        assert not list(tmp_path.glob("*.html"))

    def test_is_none_where_nothing_ever_ran(self, pipeline: Pipeline, tmp_path: Path) -> None:
        result = pipeline("report", "--html", str(tmp_path / "r.html"))
        assert (result.exit_code, "so there is nothing to report" in result.err) == (1, True)


class TestFile:
    def test_is_opened_where_that_is_asked_for(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[str] = []

        def open_once(uri: str) -> bool:
            opened.append(uri)
            return len(opened) == 1

        monkeypatch.setattr(webbrowser, "open", open_once)
        shop.publish(1)
        place = tmp_path / "r.html"
        assert pipeline("report", "--html", str(place), "--open").exit_code == 0
        again = pipeline("report", "--html", str(place), "--open")
        assert (again.exit_code, again.err) == (1, f"pipeline: no browser could be started; open {place}\n")
        assert opened == [place.as_uri()] * 2

    def test_stays_as_it_was_when_the_page_cannot_be_made(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.publish(1)
        (tmp_path / "r.html").write_text("before")

        def fail(*_: Any) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(Path, "replace", fail)
        assert pipeline("report", "--html", str(tmp_path / "r.html")).exit_code == 1
        monkeypatch.undo()
        assert [(path.name, path.read_text()) for path in tmp_path.glob("*r.html*")] == [("r.html", "before")]


def payloads(server: str) -> list[str]:
    """Texts that want to be more than texts, as values, reasons, lines and names may be."""
    return [
        f"<script>document.title='pwned';fetch('{server}/script')</script>",
        f"\"><img src='{server}/img' onerror=\"document.title='pwned'\">",
        f"</style><link rel=stylesheet href='{server}/css'>",
        f"</title></figure><iframe src='{server}/frame'></iframe>",
        "{{ 7 * 7 }}{% raw %}{{ facts.__class__ }}",
        f"url({server}/url) ; background: url('{server}/background')",
        f"</text></svg><svg onload=\"document.title='pwned'\"><image href='{server}/svg'/>",
        f'javascript:location="{server}/js"',
        "\u202eevil\u0000\u0007\x1b[31m\ud800\u2028",
        "&lt;b&gt;&amp; ]]> <!-- --> <![CDATA[ x",
        "x" * 100_000,
    ]


def make_hostile(shop: Shop, texts: list[str]) -> None:
    """Let every text that a run may have taken from data be one of these."""
    Season(shop).write(20)
    for number, key in enumerate(sorted((shop.root / shop.paths.metrics).rglob("*.json"))):
        metrics = json.loads(key.read_bytes())
        text = texts[number % len(texts)]
        metrics["message"], metrics["status"] = text, "gate_failed" if number % 2 else metrics["status"]
        distribution = metrics["columns"]["event_type"]["distribution"]
        metrics["columns"] = {text: {"nulls": 0, "null_percent": 0.0, "distribution": {text: 5, **distribution}}}
        for check in metrics["checks"]:
            check |= {"column": text, "id": f"{check['id']}{text}"}
            check["passed"] = check["passed"] and number % 3 != 0
        metrics["rejected_lines"] = [{"reason": text, "lines": 3, "example": text, "object": text}]
        checks = [check["id"] for check in metrics["checks"]]
        metrics["accepted"] = {"checks": checks, "accepted_by": text, "reason": text} if number % 5 == 0 else None
        metrics["contract"]["version"] = text
        key.write_text(json.dumps(metrics))


class TestHostileData:
    @pytest.fixture
    def page(self, pipeline: Pipeline, shop: Shop, tmp_path: Path) -> Page:
        make_hostile(shop, payloads("http://127.0.0.1:9"))
        return written(pipeline, tmp_path)

    def test_makes_no_element_and_no_attribute(self, page: Page) -> None:
        tags = {tag for tag, _ in page.elements}
        assert tags & {"script", "img", "iframe", "link", "image", "object", "embed", "form", "foreignobject"} == set()
        attributes = {name for _, found in page.elements for name in found}
        assert {name for name in attributes if name.startswith("on") or name in ("src", "style", "srcdoc")} == set()
        hrefs = {str(found[name]) for _, found in page.elements for name in ("href", "xlink:href") if name in found}
        assert all(re.fullmatch(r"#d\d{4}-\d\d-\d\d", href) for href in hrefs)
        assert [tag for tag, _ in page.elements].count("style") == 1

    def test_is_shown_as_text(self, page: Page) -> None:
        assert "<script>document.title='pwned'" in page.text
        assert "{{ 7 * 7 }}" in page.text
        assert re.search(r"\\u202eevil\\u0000", page.text)
        assert "x" * 400 not in page.text

    def test_nothing_of_it_runs_or_is_fetched(
        self, pipeline: Pipeline, shop: Shop, tmp_path: Path, browser: str
    ) -> None:
        with listening() as (server, asked):
            make_hostile(shop, payloads(server))
            written(pipeline, tmp_path)
            dom, log = opened(browser, tmp_path / "report.html")
        assert asked == []
        assert re.search(r"<title>events, 2025-01-01 to 2025-01-20</title>", dom)
        assert "Content Security Policy" not in log, log  # that something was stopped only would be too little


def test_the_policy_of_the_page_lets_its_own_style_apply(
    pipeline: Pipeline, shop: Shop, tmp_path: Path, browser: str
) -> None:
    shop.publish(1)
    written(pipeline, tmp_path)
    _, log = opened(browser, tmp_path / "report.html")
    assert "Content Security Policy" not in log, log
    broken = tmp_path / "broken.html"
    broken.write_text((tmp_path / "report.html").read_text(encoding="utf-8").replace("--page: #ffffff", "--page: red"))
    assert "Content Security Policy" in opened(browser, broken)[1]


@pytest.fixture
def browser() -> str:
    """A real browser; where the checks of a change run there has to be one."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(f"none of {', '.join(BROWSERS)} is on PATH; next: apt-get install chromium")
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    return found


def opened(browser: str, page: Path) -> tuple[str, str]:
    """Open a page; return its elements as the browser has them, and what the browser said."""
    profile = page.parent / f"profile-{page.stem}"
    told = [f"--user-data-dir={profile}", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run(
        [browser, *QUIET, *told, page.as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    return done.stdout, done.stderr


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that remembers what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()
