"""What was done, to take it back and do it again."""

from __future__ import annotations

from typing import Generic, TypeVar

State = TypeVar("State")
_REMEMBERED = 200


class History(Generic[State]):
    """States that were left, one after another."""

    def __init__(self) -> None:
        self._done: list[State] = []
        self._undone: list[State] = []

    def left(self, state: State) -> None:
        """Note a state that was left for a new one; what was taken back before is forgotten."""
        self._done = [*self._done, state][-_REMEMBERED:]
        self._undone = []

    def undo(self, now: State) -> State:
        """State before this one; this one, if there is none."""
        return _move(now, self._done, self._undone)

    def redo(self, now: State) -> State:
        """State that was taken back last; this one, if none was."""
        return _move(now, self._undone, self._done)

    def can(self) -> dict[str, bool]:
        """Whether there is something to undo and to redo."""
        return {"undo": bool(self._done), "redo": bool(self._undone)}


def _move(now: State, source: list[State], target: list[State]) -> State:
    if not source:
        return now
    target.append(now)
    return source.pop()
