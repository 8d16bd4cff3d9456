"""Runs a command that must not outlive its starter: `python process_guard.py COMMAND …`, leading a session.

The starter holds the other end of standard input and never writes; when it is gone, the whole process group goes too.
The command's own standard input stays open and silent.
"""

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Run the command and return its exit code, 128 and more for a signal."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end_with_starter() -> None:
    while os.read(0, 1):  # unbuffered: a buffered reader could not be left waiting when the command ends first
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
