"""What ends a command early, as one line for the person who gave it."""

from typing import Final

INTERRUPTED: Final = 130


class CommandFailed(Exception):
    """The command could not do what it was asked; the message names the reason and the next step.

    CommandFailed     exit code 1: it was tried, or looked up, and failed
    ├── WrongUse      exit code 2: the command line itself cannot be used, nothing was tried
    └── Interrupted   exit code 130: the person stopped waiting; what was started goes on
    """

    exit_code = 1


class WrongUse(CommandFailed):
    """Arguments that are missing, malformed or contradict each other."""

    exit_code = 2


class Interrupted(CommandFailed):
    """Ctrl-C while the command was waiting for something that does not need it."""

    exit_code = INTERRUPTED
