"""What a Linux administrator registers by hand: a line for cron, or a unit and a timer for systemd."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

UNIT = "stickysync-autosync"


def cron_line(command: Sequence[str], minutes: int) -> str:
    """A line for `crontab -e`; cron would end the command at a bare percent sign."""
    return f"*/{minutes} * * * * {shlex.join(command)}".replace("%", "\\%")


def service_unit(command: Sequence[str], account: str = "") -> str:
    """The systemd unit of one round.

    Args:
        account: who it runs as; empty for the user whose systemd it is given to.
    """
    user = f"User={account}\n" if account else ""
    return (
        "[Unit]\n"
        "Description=StickySync AutoSync, one round\n"
        "Wants=network-online.target\n"
        "After=network-online.target\n"
        "\n"
        "[Service]\n"
        "Type=oneshot\n"
        f"{user}ExecStart={' '.join(_quoted(word) for word in command)}\n"
    )


def timer_unit(minutes: int) -> str:
    """The systemd timer that starts the unit so many minutes after its last end."""
    return (
        "[Unit]\n"
        "Description=StickySync AutoSync\n"
        "\n"
        "[Timer]\n"
        "OnBootSec=2min\n"
        f"OnUnitInactiveSec={minutes}min\n"
        "\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )


def _quoted(word: str) -> str:
    """A word of ExecStart: systemd expands percent and dollar signs, and splits at blanks (systemd.service(5))."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{safe}"' if not word or set(word) & set(" \t'\"\\;") else safe
