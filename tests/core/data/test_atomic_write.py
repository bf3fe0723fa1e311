from pathlib import Path

import pytest

from dissect_widgets.core.data.atomic_write import replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("before")
    with replacing(path) as new:
        new.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after" and names(tmp_path) == ["x.json"]


def test_a_file_of_the_user_survives(tmp_path: Path) -> None:
    (tmp_path / "x.new").write_text("mine")
    with replacing(tmp_path / "x.json") as new:
        new.write_text("all of it")
    assert (tmp_path / "x.new").read_text() == "mine"
    assert names(tmp_path) == ["x.json", "x.new"]


def test_targets_that_differ_in_their_suffix_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.json") as one, replacing(tmp_path / "x.png") as two:
        one.write_text("json")
        two.write_text("png")
    assert (tmp_path / "x.json").read_text() == "json" and (tmp_path / "x.png").read_text() == "png"


def test_writers_of_one_target_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with replacing(path) as one, replacing(path) as two:
        one.write_text("first")
        two.write_text("second")
    assert path.read_text() == "first" and names(tmp_path) == ["x.json"], "the last to end counts"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("written", [False, True])
def test_nothing_is_left_after_an_error(tmp_path: Path, error: type[BaseException], written: bool) -> None:
    path = tmp_path / "x.json"
    path.write_text("before")
    with pytest.raises(error), replacing(path) as new:
        if written:
            new.write_text("half of")
        raise error
    assert path.read_text() == "before" and names(tmp_path) == ["x.json"]


def test_nothing_is_left_where_the_target_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    with pytest.raises(OSError), replacing(tmp_path / "x.json") as new:
        new.write_text("all of it")
    assert names(tmp_path) == ["x.json"]


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with replacing(tmp_path / "x") as new:
        new.write_text("")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode
