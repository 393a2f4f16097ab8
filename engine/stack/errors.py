from __future__ import annotations


class StackError(Exception):
    """Something about this set-up is wrong. The message is one line, for the person at the terminal."""
