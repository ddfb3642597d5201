"""What went wrong in the background is told in a sentence, without a path of the server."""

from __future__ import annotations

import pytest

from apps.ui.background import Background
from playground.errors import OptionError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotADirectoryError(20, "Not a directory", "/srv/secret/x.json"), "Not a directory"),
        (ValueError("seven"), "ValueError: seven"),
        (OptionError("Choose one."), "Choose one."),
    ],
)
def test_whatever_is_raised_is_told_and_names_no_file(error: Exception, words: str) -> None:
    def fail() -> None:
        raise error

    work = Background(fail)
    assert work.finished(10)
    assert words in str(work.error)
    assert "secret" not in str(work.error)
