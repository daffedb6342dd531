import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent


@pytest.fixture(autouse=True)
def _garbage_stays_in_the_qt_thread() -> Iterator[None]:
    """As in the program (ui/garbage.py): a window that is collected in a worker thread takes Qt down with it."""
    gc.disable()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
