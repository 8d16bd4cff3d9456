import subprocess
import sys

from local_cloud.tests.emulator import ROOT

HELD = """
import threading, time
from local_cloud.__main__ import end_within
threading.Thread(target=time.sleep, args=[600]).start()
end_within({seconds})
"""


def test_a_thread_that_waits_for_ever_does_not_hold_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", HELD.format(seconds=0.5)], cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == 0
