"""What happens in the middle of a run, and neither before it nor behind it, on a machine of any speed."""

import threading
from collections.abc import Callable
from typing import Any

from stickysync_gui.sandbox.faults import FaultScript
from tests.waiting import PATIENCE


def after_post(faults: FaultScript, act: Callable[[], Any], *, at: int) -> threading.Event:
    """Do something when IT Glue has carried out the n-th create, before its answer leaves.

    Creates that come behind it are carried out when that is done, or the run might be through before, on a machine
    that is slow at the wrong place. Returns what is set then.
    """
    done = threading.Event()

    def acting() -> None:
        try:
            act()
        finally:
            done.set()

    def waiting() -> None:
        assert done.wait(PATIENCE)

    faults.after(acting, method="POST", at=at)
    faults.before(waiting, method="POST", at=at + 1, times=None)
    return done
