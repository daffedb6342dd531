"""Time as the window itself spends it: what other programs take on a busy machine is no fault of the window's."""

import threading
import time
from pathlib import Path


def own_time() -> float:
    """Seconds, without those in which this thread could have gone on and got no processor (Linux tells them)."""
    now = time.monotonic()
    try:
        told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
    except OSError:
        return now
    # Of the processor, waiting for one, and how often (the kernel's Documentation/scheduler/sched-stats.rst).
    return now - int(told.split()[1]) / 1e9
