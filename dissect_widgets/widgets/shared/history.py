"""States for undo and redo."""

from __future__ import annotations

from typing import Generic, TypeVar

State = TypeVar("State")
_REMEMBERED = 200


class History(Generic[State]):
    """Earlier states, in order, and those that were undone."""

    def __init__(self) -> None:
        self._done: list[State] = []
        self._undone: list[State] = []

    def left(self, state: State) -> None:
        """Remember a state that was replaced; what was undone before can no longer be redone."""
        self._done = [*self._done, state][-_REMEMBERED:]
        self._undone = []

    def undo(self, now: State) -> State:
        """The state before `now`; `now` if there is none."""
        return _move(now, self._done, self._undone)

    def redo(self, now: State) -> State:
        """The state that was undone last; `now` if there is none."""
        return _move(now, self._undone, self._done)

    def can(self) -> dict[str, bool]:
        """Whether there is anything to undo, and to redo."""
        return {"undo": bool(self._done), "redo": bool(self._undone)}


def _move(now: State, source: list[State], target: list[State]) -> State:
    if not source:
        return now
    target.append(now)
    return source.pop()
