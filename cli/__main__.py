"""`python -m cli`: the `pipeline` command. Before and after it there is nothing to clean up or to say on Ctrl-C."""

import signal
import sys


def _run() -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.main import main  # noqa: PLC0415  all packages are loaded here, which takes a while
    from cli.spark import end_on_sigterm  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.default_int_handler)
    end_on_sigterm()
    try:
        return main(sys.argv[1:])
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(_run())
