"""What stands above a field when work in the background has ended."""

from __future__ import annotations

from apps.ui.notice import render_outcome
from playground.errors import FetchCancelled, ModelNotFound


def test_what_a_person_stopped_is_no_error() -> None:
    assert 'class="notice"' in render_outcome(FetchCancelled("Stopped."))
    assert 'role="alert"' in render_outcome(ModelNotFound("There is no <b>."))
    assert "There is no &lt;b&gt;." in render_outcome(ModelNotFound("There is no <b>."))
    assert render_outcome(None) == ""
    assert render_outcome(None, "<p>Done.</p>") == "<p>Done.</p>"
