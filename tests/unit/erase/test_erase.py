"""`pipeline erase`: the plan, consent, what is erased of each date, and the receipt."""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.erasure.everything import holding
from tests.unit.club import DAY, Club, visit
from tests.unit.erase.person import OTHER_DAY, ZORRO, Erase, others, published
from tests.unit.pipeline_command import Pipeline


class TestPlan:
    def test_counts_what_is_to_be_erased_of_each_date_and_changes_nothing(self, club: Club, erase: Erase) -> None:
        published(club)
        club.put(*others(), day=OTHER_DAY)
        club.run(OTHER_DAY)
        before = {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}
        said = erase()
        assert re.search(r"2025-01-01 +8 +2 +6 +2 +2 +a new version, older ones deleted", said), said
        assert "2025-01-02" not in said
        assert ": what holds the given value of " in said.splitlines()[0]
        assert "nothing was changed; to carry this out, give the same command with --yes" in said
        assert before == {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}

    def test_says_that_nothing_is_to_be_erased(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        assert "is in nothing that runs read or wrote below file://" in erase("--yes")
        assert not (club.root / "erasures").exists()

    def test_is_one_document_for_scripts(self, club: Club, pipeline: Pipeline) -> None:
        published(club)
        document = pipeline.json("erase", "--column", "user_id", "--value", ZORRO)
        found = document["dates"][str(DAY)]
        assert sum(found["raw"].values()) == 8
        assert found["needs_run"]
        assert ZORRO not in json.dumps(document)

    def test_names_how_many_lines_of_others_hold_the_value_and_stay(self, club: Club, erase: Erase) -> None:
        club.put(visit("v1", "other", note=f"like {ZORRO}"), visit("z1", ZORRO))
        assert "1 text of others hold the value in another field and stay; --anywhere erases them too" in erase()

    def test_a_dry_run_asks_for_nothing(self, club: Club, erase: Erase) -> None:
        published(club)
        assert "--yes" not in erase("--dry-run", "--yes")
        assert len(club.raw()) == 10


class TestConsent:
    @pytest.fixture
    def terminal(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)

        def answer(text: str) -> None:
            monkeypatch.setattr("builtins.input", lambda *_: text)

        return answer

    def test_is_given_by_typing_it(self, club: Club, erase: Erase, terminal: Callable[[str], None]) -> None:
        published(club)
        terminal("erase")
        assert "nothing of the person is left" in erase()
        assert holding(club.root, ZORRO) == set()

    @pytest.mark.parametrize("answer", ["", "y", "yes"])
    def test_is_not_given_by_anything_else(
        self, club: Club, erase: Erase, terminal: Callable[[str], None], answer: str
    ) -> None:
        published(club)
        terminal(answer)
        assert "nothing was changed" in erase()
        assert len(club.raw()) == 10


class TestWrongUse:
    @pytest.mark.parametrize(
        ("column", "reason"),
        [
            ("user", "column 'user' is not known; allowed: visit, user_id, number, amount, note, email; did you mean"),
            ("kind", "column kind lists its valid values, so that they tell nobody from another; columns that can: "),
            ("is_new", "column is_new is of type boolean, whose values tell nobody from another"),
            ("email_hash", "column email_hash is derived of email: give a column that it is made of, what is derived"),
            ("ingestion_date", "column 'ingestion_date' is not known"),
        ],
    )
    def test_a_column_that_tells_nobody_is_refused(self, pipeline: Pipeline, column: str, reason: str) -> None:
        result = pipeline("erase", "--column", column, "--value", "x")
        assert result.exit_code == 2
        assert reason in result.err

    @pytest.mark.parametrize(
        ("column", "value"),
        [("number", "x"), ("number", "1.5"), ("number", "1e4567"), ("amount", "1e40"), ("note", " ")],
    )
    def test_a_value_that_the_column_cannot_hold_is_refused_without_being_said(
        self, pipeline: Pipeline, column: str, value: str
    ) -> None:
        result = pipeline("erase", "--column", column, "--value", value)
        assert result.exit_code == 2
        assert "the value " in result.err

    @pytest.mark.parametrize("options", [(), ("--value", "x", "--value-file", "-")])
    def test_the_value_is_given_once(self, pipeline: Pipeline, options: tuple[str, ...]) -> None:
        result = pipeline("erase", "--column", "user_id", *options)
        assert result.exit_code == 2
        assert "--value VALUE, or --value-file FILE" in result.err


def test_the_value_may_come_from_a_file_so_that_no_shell_remembers_it(
    club: Club, pipeline: Pipeline, tmp_path: Path
) -> None:
    published(club)
    (tmp_path / "value").write_text(f"{ZORRO}\n", encoding="utf-8")
    result = pipeline("erase", "--column", "user_id", "--value-file", str(tmp_path / "value"), "--yes")
    assert result.exit_code == 0, result
    assert holding(club.root, ZORRO) == set()


class TestErased:
    def test_everything_of_the_person_goes_and_nothing_of_others(self, club: Club, erase: Erase) -> None:
        published(club)
        rows = [row for row in club.rows() if row["user_id"] != ZORRO]
        kept = [line for line in club.raw() if ZORRO.encode() not in line]
        said = erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.rows() == rows
        assert club.raw() == kept
        assert club.raw("b.json.gz") == []
        assert (club.record().previous, len(list((club.root / "curated").rglob("run_id=*")))) == ((), 1)
        assert "members: 8 records of raw data erased on 1 date; nothing of the person is left in" in said

    def test_a_second_time_there_is_nothing_to_do(self, club: Club, erase: Erase) -> None:
        published(club)
        erase("--yes")
        before = {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}
        assert "nothing is to be erased" in erase("--yes")
        assert before == {path: path.read_bytes() for path in club.root.rglob("*") if path.is_file()}

    def test_another_person_is_another_erasure(self, club: Club, pipeline: Pipeline, erase: Erase) -> None:
        published(club)
        erase("--yes")
        Erase(pipeline, "other-1")("--yes")
        assert {row["visit"] for row in club.rows()} == {"v0", "v2", "v3", "v4"}
        assert len(list((club.root / "erasures").rglob("*.receipt.json"))) == 2

    def test_a_date_that_only_quotes_the_person_is_not_run(self, club: Club, erase: Erase) -> None:
        club.put(*others(), f'{{"user_id": "{ZORRO}')
        club.run()
        club.put(*others(), name="a.json")  # delivered again, and right
        club.run()
        club.runs.clear()
        said = erase("--yes")
        assert holding(club.root, ZORRO) == set()
        assert club.runs == []
        assert "receipt: " in said

    def test_an_example_that_was_cut_within_the_value_is_still_the_persons(self, club: Club, erase: Erase) -> None:
        line = "{" + '"note": "' + "x" * 180 + f'", "user_id": "{ZORRO}"'
        club.put(*others(), line)
        assert line[:199] in json.dumps(club.run()["rejected_lines"]).replace("\\", "")
        erase("--yes")
        [path] = [path for path in (club.root / "metrics").rglob("*.json") if "00000000" in path.name]
        metrics = json.loads(path.read_bytes())
        assert [one["example"] for one in metrics["rejected_lines"]] == ["(erased)"]

    def test_a_date_that_was_never_published_has_its_raw_data_erased_and_is_not_run(
        self, club: Club, erase: Erase
    ) -> None:
        club.put(*[f"{{{ZORRO}"] * 9, *others(1))
        assert club.run()["status"] == "gate_failed"
        club.runs.clear()
        erase("--yes")
        assert (holding(club.root, ZORRO), club.runs, len(club.raw())) == (set(), [], 1)

    def test_a_version_that_no_record_names_goes_too(self, club: Club, erase: Erase) -> None:
        published(club)
        orphan = club.root / club.paths.version_prefix(DAY, "20240101T000000Z-00000001")
        current = Path(club.record().current.location.removeprefix("file://"))
        orphan.mkdir()
        (orphan / "part-0.parquet").write_bytes((current / "part-0.parquet").read_bytes())
        erase("--yes")
        assert not orphan.exists()

    def test_hidden_copies_of_raw_objects_are_rewritten_without_a_run(self, club: Club, erase: Erase) -> None:
        club.put(*others())
        club.put(visit("z1", ZORRO), *others(2), name="_tmp.json")
        club.run()
        club.runs.clear()
        erase("--yes")
        assert (len(club.raw("_tmp.json")), club.runs) == (2, [])

    def test_rewritten_files_have_no_checksum_of_what_was_there(self, club: Club, erase: Erase) -> None:
        published(club)
        erase("--yes")
        for path in (club.root / "quarantine").rglob("*.parquet"):
            assert not path.with_name(f".{path.name}.crc").exists() or "00000002" in str(path)

    def test_with_anywhere_lines_of_others_go_too(self, club: Club, erase: Erase) -> None:
        club.put(visit("v1", "other", note=f"like {ZORRO}"), visit("v2", "other", note=f"x{ZORRO}x"), visit("z", ZORRO))
        club.run()
        erase("--yes", "--anywhere")
        assert [row["visit"] for row in club.rows()] == ["v2"]

    def test_numbers_are_compared_as_numbers(self, club: Club, pipeline: Pipeline) -> None:
        club.put(
            '{"visit": "a", "number": 7654321}',
            '{"visit": "b", "number": "7654321"}',
            '{"visit": "c", "number": 76543210}',
        )
        club.run()
        Erase(pipeline, "07654321", "number")("--yes")
        assert [row["visit"] for row in club.rows()] == ["c"]

    def test_a_column_that_is_not_stored_finds_the_rows_by_their_raw_data(self, club: Club, pipeline: Pipeline) -> None:
        club.put(*others(), {"visit": "z", "email": ZORRO})
        club.run()
        first = club.record().current.run_id
        club.put(*others(), {"visit": "z", "email": ZORRO}, name="late.json")
        club.run()
        Erase(pipeline, ZORRO, "email")("--yes")
        assert "z" not in {row["visit"] for row in club.rows()}
        assert first not in {path.name.partition("=")[2] for path in (club.root / "curated").rglob("run_id=*")}


class TestReceipt:
    def test_names_where_the_value_stands_in_lines_of_others(self, club: Club, erase: Erase) -> None:
        club.put(visit("v1", "other", note=f"like {ZORRO}"), visit("v2", f"{ZORRO}0"), visit("z", ZORRO))
        club.run()
        said = erase("--yes")
        assert "a.json: 1 in other fields, 1 in longer words" in said
        left = {item["key"].partition("/")[0]: item for item in club.receipt()["still_there"]}
        assert set(left) == {"raw", "curated"}
        assert left["curated"]["places"] == {"field": 1, "column note": 1}
        assert {name.partition("/")[0] for name in holding(club.root, ZORRO)} == {"raw", "curated"}
        assert club.receipt()["absent"]

    def test_says_what_was_done_by_whom_and_never_the_value(self, club: Club, erase: Erase) -> None:
        published(club)
        before = club.record()
        erase("--yes")
        receipt = club.receipt()
        found = receipt["dates"][str(DAY)]
        assert found["raw_records"] == 8
        assert found["versions_deleted"] == sorted(version.run_id for version in before.versions)
        assert found["published_run_id"] == club.record().current.run_id
        assert receipt["value_sha256"] == hashlib.sha256(f"{receipt['salt']}{ZORRO}".encode()).hexdigest()
        assert "backups, replicas and copies that others have made" in {one["what"] for one in receipt["out_of_reach"]}
        for path in (club.root / "erasures").rglob("*.json"):
            assert ZORRO not in path.read_text(encoding="utf-8")

    def test_names_of_objects_that_hold_the_value_are_told_without_it(self, club: Club, erase: Erase) -> None:
        club.put(visit("z", ZORRO), *others(), name=f"of-{ZORRO}.json")
        club.run()
        erase("--yes")
        assert [item["key"].rpartition("/")[2] for item in club.receipt()["still_there"]] == ["of-(erased).json"]

    def test_counts_in_documents_are_not_taken_for_a_number_of_the_person(self, club: Club, pipeline: Pipeline) -> None:
        club.put(*["{broken"] * 47)
        before = club.run()
        club.put(*others(), '{"visit": "z", "number": 47}')
        club.run()
        assert pipeline("erase", "--column", "number", "--value", "47", "--yes").exit_code == 0
        after = json.loads((club.root / club.paths.metrics_key(DAY, before["run_id"])).read_bytes())
        assert "47 x malformed, for example {broken in a.json" in after["message"]
        assert {row["visit"] for row in club.rows()} == {f"v{number}" for number in range(5)}

    def test_looks_into_files_that_are_no_objects_of_a_directory(self, club: Club, erase: Erase) -> None:
        published(club)
        hidden = club.put(visit("z", ZORRO), name=".a.json.swp")
        said = erase("--yes", exit_code=1)
        assert "still there: raw/source_system=club/ingestion_date=2025-01-01/.a.json.swp: 1 in the column" in said
        hidden.unlink()
        erase("--yes")
        assert holding(club.root, ZORRO) == set()

    def test_a_report_that_quotes_the_person_is_left_to_people(self, club: Club, erase: Erase) -> None:
        published(club)
        report = club.root / "reports" / "members" / "index.html"
        report.parent.mkdir(parents=True)
        report.write_text(f"<p>{ZORRO}</p>", encoding="utf-8")
        assert "still there: reports/members/index.html: 1 in a document" in erase("--yes", exit_code=1)

    def test_names_other_datasets_of_the_same_raw_data(
        self, club: Club, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        folder = tmp_path / "contracts"
        folder.mkdir()
        text = club.contract_file.read_text(encoding="utf-8")
        (folder / "members.odcs.yaml").write_text(text, encoding="utf-8")
        (folder / "guests.odcs.yaml").write_text(text.replace("name: members", "name: guests"), encoding="utf-8")
        monkeypatch.setenv("PIPELINE_CONTRACT", str(folder / "members.odcs.yaml"))
        published(club)
        said = Erase(pipeline)("--yes")
        assert "dataset guests reads the same raw data: erase the person there too" in said
