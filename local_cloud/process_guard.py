"""Runs a command that must not outlive its starter: `python process_guard.py [--open-stdin] COMMAND …`, as a session.

The starter holds the other end of standard input and never writes; when it is gone, the whole process group goes too.
The command's own standard input is empty, or open and silent if that is asked for.
"""

import os
import signal
import subprocess
import sys
import threading


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code, 128 and more for a signal."""
    is_open = arguments[0] == "--open-stdin"
    child = subprocess.Popen(arguments[is_open:], stdin=subprocess.PIPE if is_open else subprocess.DEVNULL)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end_with_starter() -> None:
    while os.read(0, 1):  # unbuffered: a buffered reader could not be left waiting when the command ends first
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
