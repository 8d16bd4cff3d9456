"""Print the home of a Java that both Sparks run on, installing one under the project when the machine has none.

Owns what "fits" means and where to look; knows nothing of make or Spark beyond that.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

# Spark 4 needs 17. From 23 on `Subject.getSubject` fails, which Hadoop 3.4.2 and older call at every start:
# https://issues.apache.org/jira/browse/HADOOP-19212
OLDEST_VERSION: Final = 17
NEWEST_VERSION: Final = 22
# Spark 4's launcher passes --add-modules=jdk.incubator.vector; a runtime that was cut down without it does not start.
REQUIRED_MODULE: Final = "jdk.incubator.vector"
INSTALLED_VERSION: Final = "17"
ANSWER_SECONDS: Final = 60

HOW_TO_INSTALL: Final = """\
next, one of:
  Debian, Ubuntu:  sudo apt-get install -y openjdk-17-jre-headless || sudo apt-get install -y openjdk-21-jre-headless
  Fedora:          sudo dnf install -y java-21-openjdk-headless
  macOS:           brew install openjdk@17 && export JAVA_HOME="$(brew --prefix openjdk@17)"
  any other:       export JAVA_HOME=/path/to/a/java-17
then repeat the command."""


class NoFittingJava(Exception):
    """Every place that was tried and why it was refused, with the commands that help."""


class Unfit(Exception):
    """Why one place gives no Java that can run the job."""


def find_java_home(
    environment: Mapping[str, str],
    *,
    project_java: Path,
    install: Callable[[Path], None],
    report: Callable[[str], None],
) -> Path:
    """Return the home of the first Java that fits: JAVA_HOME, PATH, the project's own, a fresh install.

    Raises NoFittingJava when the install fails too.
    """
    refusals = []
    for java in [*_machine_candidates(environment), *_installed_in(project_java)]:
        try:
            return fitting_home(java)
        except Unfit as reason:
            refusals.append(f"  {java} {reason}")
    report("\n".join([f"no fitting Java found; installing one into {project_java} (once, 200 MB) ...", *refusals]))
    try:
        return _fresh_install(project_java, install)
    except Unfit as reason:
        refusals.append(f"  {project_java}: {reason}")
        raise NoFittingJava("\n".join(["no Java fits:", *refusals, HOW_TO_INSTALL])) from reason


def fitting_home(java: Path) -> Path:
    """Return the home that a `java` executable reports, or raise Unfit."""
    settings = _settings(java)
    specification = settings.get("java.specification.version", "unknown")
    # "17", but "1.8" up to Java 8.
    major = specification.partition(".")[0]
    if not (major.isdigit() and OLDEST_VERSION <= int(major) <= NEWEST_VERSION):
        raise Unfit(f"is Java {specification}, needed is {OLDEST_VERSION} to {NEWEST_VERSION}")
    if f"{REQUIRED_MODULE}@" not in _answer(java, "--list-modules"):
        raise Unfit(f"is Java {specification} without the module {REQUIRED_MODULE}")
    return Path(settings["java.home"])


def install_with_package(directory: Path) -> None:
    """Download a JDK with the package install-jdk, or raise Unfit."""
    import jdk  # noqa: PLC0415  finding a Java must work where nothing is installed

    try:
        jdk.install(INSTALLED_VERSION, path=str(directory))
    except (jdk.JdkError, OSError, ValueError) as error:
        raise Unfit(f"downloading Java {INSTALLED_VERSION} failed: {error}") from error


def _machine_candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    if home := environment.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java", path=environment.get("PATH", "")):
        yield Path(found)


def _installed_in(directory: Path) -> list[Path]:
    # On macOS the archive holds a bundle with the home inside.
    return sorted([*directory.glob("*/bin/java"), *directory.glob("*/Contents/Home/bin/java")])


def _settings(java: Path) -> dict[str, str]:
    answer = _answer(java, "-XshowSettings:properties", "-version")
    return dict(re.findall(r"^\s*(java\.\S+) = (.+)$", answer, re.MULTILINE))


def _answer(java: Path, *arguments: str) -> str:
    try:
        result = subprocess.run(
            [str(java), *arguments], capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS
        )
    except subprocess.CalledProcessError as error:
        raise Unfit(f"`java {' '.join(arguments)}` exits with {error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unfit(f"does not run: {error}") from error
    return result.stdout + result.stderr


def _fresh_install(directory: Path, install: Callable[[Path], None]) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    install(directory)
    for java in _installed_in(directory):
        return fitting_home(java)
    raise Unfit("the download holds no bin/java")


def main() -> int:
    """Print the home on stdout and everything else on stderr; 1 when there is none."""
    project_java = Path(__file__).resolve().parent.parent / ".java"
    try:
        home = find_java_home(
            os.environ,
            project_java=project_java,
            install=install_with_package,
            report=lambda words: print(words, file=sys.stderr, flush=True),
        )
    except NoFittingJava as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
