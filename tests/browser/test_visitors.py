"""Two visitors of a Voila app at the same time: neither sees what the other one does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab import Server
from tests.browser.visitors import Visitor, write_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def voila(folder: Path, churches: Path) -> Iterator[Server]:
    server = Server(folder, module="voila")
    yield server
    server.close()


def test_two_visitors_do_not_mix(chromium: Browser, voila: Server, folder: Path) -> None:
    app = write_app(folder)
    one, two = Visitor(chromium, voila, app), Visitor(chromium, voila, app)
    for visitor in (one, two):
        expect(visitor.painter).to_be_visible(timeout=180_000)
        visitor.check()
    assert one.picture() == two.picture()
    one.paint(0.3, 0.6)
    two.paint(0.7, 0.3)  # while the kernel of the first still draws
    two.paint(0.2, 0.2)
    one.next()
    for visitor in (one, two):
        visitor.check()
    two.undo()
    before = one.picture()
    for visitor in (two, one):
        visitor.check()
    assert one.picture() == before != two.picture()
    one.context.close()
    two.paint(0.5, 0.5)
    two.check()  # it goes on when the other one leaves
    two.context.close()
