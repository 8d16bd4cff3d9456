"""Which run gets which JVM, with processes that only say something and wait."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloud.jvms import Jvm, JvmCommand, Jvms

SAY = "import os, time; print('I am', os.getpid(), flush=True); open('kept', 'w').close(); time.sleep(600)"
Take = Callable[..., Jvm]


def command(text: str = SAY, **variables: str) -> JvmCommand:
    return JvmCommand((sys.executable, "-c", text), (("PATH", os.environ["PATH"]), *sorted(variables.items())))


@pytest.fixture
def jvms(tmp_path: Path) -> Jvms:
    return Jvms(folder=tmp_path / "jvms", most=2)


@pytest.fixture
def take(jvms: Jvms, tmp_path: Path) -> Iterator[Take]:
    taken: list[Jvm] = []

    def take(wanted: JvmCommand | None = None, log: str = "log.txt") -> Jvm:
        taken.append(jvms.take(wanted or command(), log=tmp_path / log))
        return taken[-1]

    yield take
    for jvm in taken:
        jvm.kill()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def folders(jvms: Jvms) -> int:
    return len(list(jvms.folder.iterdir()))


def test_one_that_comes_back_sound_is_taken_again(jvms: Jvms, take: Take) -> None:
    first = take()
    jvms.give_back(first, is_sound=True)
    assert take() is first
    assert take() is not first  # it is taken


def test_one_that_comes_back_otherwise_is_ended_with_its_files(jvms: Jvms, take: Take) -> None:
    first = take()
    until(lambda: list(jvms.folder.glob("*/kept")))
    jvms.give_back(first, is_sound=False)
    assert (first.exit_code() is not None, folders(jvms)) == (True, 0)
    assert take() is not first


def test_one_that_ended_while_it_was_taken_is_not_kept(jvms: Jvms, take: Take) -> None:
    first = take()
    first.kill()
    jvms.give_back(first, is_sound=True)
    assert not jvms._idle


def test_runs_of_other_commands_or_variables_have_others(jvms: Jvms, take: Take) -> None:
    first = take(command(ROLE="a"))
    jvms.give_back(first, is_sound=True)
    assert take(command(ROLE="b")) is not first
    assert take(command("import time; time.sleep(600)", ROLE="a")) is not first


def test_one_that_ended_while_it_was_kept_is_not_taken(jvms: Jvms, take: Take) -> None:
    first = take()
    jvms.give_back(first, is_sound=True)
    first.kill()
    assert take() is not first


def test_no_more_are_kept_than_fit_beside_those_that_are_taken(jvms: Jvms, take: Take) -> None:
    kept = [take(command(ROLE=role)) for role in ("a", "b")]
    for jvm in kept:
        jvms.give_back(jvm, is_sound=True)
    take(command(ROLE="c"))
    assert [jvm.exit_code() is None for jvm in kept] == [False, True]
    take(command(ROLE="d"))
    assert [jvm.exit_code() is None for jvm in kept] == [False, False]


def test_one_that_has_had_its_runs_ends(jvms: Jvms, take: Take) -> None:
    jvms.most_runs = 3
    for _ in range(3):
        jvm = take()
        jvms.give_back(jvm, is_sound=True)
    assert jvm.exit_code() is not None
    assert take() is not jvm


def test_one_that_nobody_takes_ends(tmp_path: Path) -> None:
    jvms = Jvms(folder=tmp_path / "jvms", most=2, seconds_kept=0.1)
    jvm = jvms.take(command(), log=tmp_path / "log.txt")
    jvms.give_back(jvm, is_sound=True)
    until(lambda: jvm.exit_code() is not None and folders(jvms) == 0)


def test_one_that_is_taken_again_in_time_goes_on(tmp_path: Path) -> None:
    jvms = Jvms(folder=tmp_path / "jvms", most=2, seconds_kept=0.3)
    jvm = jvms.take(command(), log=tmp_path / "log.txt")
    jvms.give_back(jvm, is_sound=True)
    assert jvms.take(command(), log=tmp_path / "log.txt") is jvm
    time.sleep(0.6)
    assert jvm.exit_code() is None
    jvm.kill()


def test_what_it_says_is_in_the_log_of_the_run_that_has_it(jvms: Jvms, take: Take, tmp_path: Path) -> None:
    chatty = "import time\nfor number in range(1000):\n    print('line', number, flush=True)\n    time.sleep(0.001)"
    jvm = take(command(chatty), "first.txt")
    until((tmp_path / "first.txt").exists)
    jvm.finish_log()
    jvms.give_back(jvm, is_sound=True)
    take(command(chatty), "second.txt")
    until(lambda: jvm.exit_code() is not None)
    jvm.finish_log()
    first, second = ((tmp_path / name).read_text().splitlines() for name in ("first.txt", "second.txt"))
    assert [*first, *second] == [f"line {number}" for number in range(1000)]
    assert first
    assert second
