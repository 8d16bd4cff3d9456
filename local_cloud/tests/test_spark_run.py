"""How a run ends, with a program in place of Spark's JVM: it says how it is reached and waits."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloud.jvms import Jvms
from local_cloud.spark_run import ScriptRun, SparkHost, SparkProcess, error_message

JVM = """#!{python}
import os, struct, sys, time
if "spark.fails=yes" in sys.argv:
    sys.exit("no such setting")
where = os.environ["_PYSPARK_DRIVER_CONN_INFO_PATH"]
with open(os.path.dirname(where) + "/pid", "w") as file:
    file.write(str(os.getpid()))
with open(where + ".new", "wb") as file:
    file.write(struct.pack("!i", 4711) + struct.pack("!i", 6) + b"secret")
os.rename(where + ".new", where)
print("JVM is up", flush=True)
while "spark.talks=yes" in sys.argv:
    print("x" * 1000, flush=True)
    with open(os.path.dirname(where) + "/said", "a") as file:
        file.write("x")
time.sleep(600)
"""
WAIT_FOR_THE_JVM_TO_END = """
import os, sys, time
from pathlib import Path
jvm = int(Path(sys.orig_argv[2]).with_name("pid").read_text())
open("begun", "w").close()
while Path(f"/proc/{jvm}/stat").read_text().split()[2] not in "ZX": pass
"""
SLEEP = "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n"
Start = Callable[..., SparkProcess]


@pytest.fixture
def jvms(tmp_path: Path) -> Iterator[Jvms]:
    jvms = Jvms(folder=tmp_path / "jvms", most=2)
    yield jvms
    for jvm in list(jvms._idle):
        jvms._end(jvm)


@pytest.fixture
def start(jvms: Jvms, tmp_path: Path) -> Start:
    host = SparkHost(spark_submit=tmp_path / "bin" / "spark-submit", java_home=tmp_path)
    host.spark_submit.parent.mkdir()
    host.spark_submit.write_text(JVM.format(python=sys.executable))
    host.spark_submit.chmod(0o755)
    host.spark_submit.with_name("python").symlink_to(sys.executable)

    def start(script: str, *, name: str = "run", settings: dict[str, str] | None = None) -> SparkProcess:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "script.py").write_text(script)
        run = ScriptRun(
            script=folder / "script.py",
            libraries=(),
            arguments={"--day": "2025-01-01"},
            settings=settings or {},
            environment={},
            folder=folder,
        )
        return SparkProcess(run, host, jvms)

    return start


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def jvm_processes(jvms: Jvms) -> list[str]:
    """The folders of the JVMs that run."""
    return [folder.name for folder in jvms.folder.iterdir()]


def end(process: SparkProcess) -> int | None:
    code = process.wait(seconds=30)
    process.kill()
    return code


def test_a_script_has_its_arguments_its_own_folder_and_the_way_to_the_jvm(start: Start, tmp_path: Path) -> None:
    said = "import os, sys\nprint(sys.argv[1:], sys.path[0], os.environ['PYSPARK_GATEWAY_PORT'], end=' ')\n"
    assert end(start(said + "print(os.environ['PYSPARK_GATEWAY_SECRET'], __name__)\n")) == 0
    log = (tmp_path / "run" / "log.txt").read_text()
    assert f"['--day', '2025-01-01'] {tmp_path / 'run'} 4711 secret __main__\n" in log
    assert "JVM is up\n" in log


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("import sys\nsys.exit(3)\n", 3, "JVM is up"),
        ("import sys\nsys.exit('wrong day')\n", 1, "wrong day"),
        ("raise ValueError('wrong day')\n", 1, "ValueError: wrong day"),
    ],
)
def test_a_failed_script_ends_as_elsewhere_and_leaves_its_jvm_to_the_next(
    start: Start, jvms: Jvms, tmp_path: Path, script: str, code: int, message: str
) -> None:
    assert end(start(script)) == code
    assert error_message((tmp_path / "run" / "log.txt").read_text(), code=code) in {message, "JVM is up"}
    kept = jvm_processes(jvms)
    assert end(start("print('again')\n", name="next")) == 0
    assert jvm_processes(jvms) == kept
    assert (tmp_path / "next" / "log.txt").read_text() == "again\n"


@pytest.mark.parametrize("error", ["OutOfMemoryError: Java heap space", "NoClassDefFoundError: Could not initialize"])
def test_a_jvm_that_had_an_error_of_its_own_is_not_kept(start: Start, jvms: Jvms, error: str) -> None:
    assert end(start(f"print('java.lang.{error}')\n")) == 0
    assert jvm_processes(jvms) == []


def test_a_script_that_was_killed_takes_its_jvm_along(start: Start, jvms: Jvms) -> None:
    assert end(start("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")) == 128 + signal.SIGKILL
    assert jvm_processes(jvms) == []


def test_a_run_whose_jvm_dies_ends_as_that_when_its_script_has_told(start: Start, tmp_path: Path) -> None:
    process = start(f"{WAIT_FOR_THE_JVM_TO_END}time.sleep(1)\nprint('told')\n")
    until((tmp_path / "run" / "begun").exists)
    os.killpg(process._jvm._process.pid, signal.SIGKILL)
    assert end(process) == -signal.SIGKILL
    assert "told" in (tmp_path / "run" / "log.txt").read_text()


def test_a_jvm_that_does_not_start_is_how_the_run_ends(start: Start, jvms: Jvms, tmp_path: Path) -> None:
    assert end(start("print('never')\n", settings={"spark.fails": "yes"})) == 1
    assert error_message((tmp_path / "run" / "log.txt").read_text(), code=1) == "no such setting"
    assert jvm_processes(jvms) == []


def test_a_spark_that_cannot_be_stopped_ends_its_jvm_and_hides_nothing(
    start: Start, jvms: Jvms, tmp_path: Path
) -> None:
    unstoppable = "import sys, types\nspark = sys.modules['pyspark'] = types.ModuleType('pyspark')\n"
    has_context = "spark.SparkContext = types.SimpleNamespace(_active_spark_context=object())\n"
    assert end(start(f"{unstoppable}{has_context}raise ValueError('wrong day')\n")) == 1
    assert error_message((tmp_path / "run" / "log.txt").read_text(), code=1) == "ValueError: wrong day"
    assert jvm_processes(jvms) == []


def test_a_run_that_takes_too_long_is_ended_with_its_jvm(start: Start, jvms: Jvms, tmp_path: Path) -> None:
    process = start(SLEEP)
    until((tmp_path / "run" / "begun").exists)
    assert process.wait(seconds=0.1) is None
    assert (jvm_processes(jvms), process._python.poll() is None) == ([], False)


def test_a_stopped_script_does_not_see_its_jvm_end(start: Start, tmp_path: Path) -> None:
    process = start(f"{WAIT_FOR_THE_JVM_TO_END}open('tidied', 'w').close()\n")
    until((tmp_path / "run" / "begun").exists)
    for number in range(2000):
        (process._jvm.connection.parent / f"block-{number}").touch()
    process.kill()
    assert process.wait(seconds=1) is not None
    assert not (tmp_path / "run" / "tidied").exists()


def test_a_log_that_cannot_be_written_holds_up_nothing(start: Start, jvms: Jvms, tmp_path: Path) -> None:
    assert end(start("print('well')\n", settings={"spark.talks": "yes"})) == 0
    [jvm] = jvms._idle
    (tmp_path / "run").rename(tmp_path / "gone")
    said = jvm.connection.with_name("said")
    before = said.stat().st_size
    until(lambda: said.stat().st_size > before + 1000)  # a megabyte, of which a pipe holds a part
    assert end(start("print('well')\n", settings={"spark.talks": "yes"}, name="next")) == 0
