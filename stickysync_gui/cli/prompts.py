"""Secrets from a prompt or standard input, never from the command line, which others can read."""

from __future__ import annotations

import sys

from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import UsageError


def passphrase_twice(words: str) -> Secret:
    """A new passphrase: from a terminal asked twice, otherwise one line of standard input.

    Raises:
        UsageError: the two differ, or nothing came.
    """
    first = passphrase(words)
    if sys.stdin.isatty() and passphrase(f"{words} again") != first:
        raise _differ()
    return first


def may_show_secret() -> bool:
    """Whether a person sits at a terminal: what is shown there goes into no file and no other program."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def proposed_passphrase(proposed: Secret) -> Secret:
    """Show a proposed passphrase, and take it or an own one in its place.

    Raises:
        UsageError: an own one was typed differently the second time.
    """
    sys.stderr.write(
        "No API key of this program is stored yet, so the team needs a passphrase. This one is proposed:\n\n"
        f"    {proposed.reveal()}\n\n"
        "Copy it into the team's vault now: it is not shown again, and it cannot be recovered.\n"
    )
    sys.stderr.flush()
    own = _typed("Enter takes it; or type one of your own (12 characters or more)")
    if not own:
        return proposed
    if _typed("Your own passphrase again") != own:
        raise _differ()
    return Secret(own)


def passphrase(words: str) -> Secret:
    """A passphrase as typed; only its line ending is removed. Called again, it takes the next line."""
    if sys.stdin.isatty():
        return _asked(words)
    line = _decoded(sys.stdin.buffer.readline())
    return _given(line.removesuffix("\n").removesuffix("\r"), words)


def api_key(words: str) -> Secret:
    """An API key; blanks and line breaks round it are removed.

    Raises:
        UsageError: nothing came, or it holds what no key holds.
    """
    text = _typed(words) if sys.stdin.isatty() else _decoded(sys.stdin.buffer.read())
    key = text.strip()
    if any(not "!" <= character <= "~" for character in key):
        raise UsageError(
            happened="What was given is no API key: it holds blanks, line breaks or foreign letters.",
            unchanged="Nothing was sent or stored.",
            todo="Copy the key alone from IT Glue (Account > Settings > API Keys).",
        )
    return _given(key, words)


def _differ() -> UsageError:
    return UsageError(
        happened="The two passphrases differ.",
        unchanged="Nothing was changed.",
        todo="Call again and type it twice.",
    )


def _asked(words: str) -> Secret:
    return _given(_typed(words), words)


def _typed(words: str) -> str:
    import getpass

    return getpass.getpass(f"{words}: ", stream=sys.stderr)


def _decoded(raw: bytes) -> str:
    try:
        # PowerShell puts a byte order mark in front of what it pipes.
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            happened="Standard input is not UTF-8 text.", unchanged="Nothing was changed.", todo="Pipe it as UTF-8."
        ) from None


def _given(text: str, words: str) -> Secret:
    if not text:
        raise UsageError(
            happened=f"{words}: nothing was given.",
            unchanged="Nothing was changed.",
            todo="Type it at the prompt, or pipe it into standard input.",
        )
    return Secret(text)
