"""The owner's switch of the content filter: what the page may still choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from apps.chat.request import Request, guard_for
from apps.cli.options import with_owners_filter
from apps.ui.filter_switch import filter_switch
from playground.errors import OptionError
from playground.generation.settings import SamplingSettings
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.settings import Settings

LOCAL, SHARED = "127.0.0.1", "0.0.0.0"  # nothing listens there


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("given", "host", "fixed"),
    [
        ("", LOCAL, None),
        ("", SHARED, True),
        ("off", LOCAL, False),
        ("on", LOCAL, True),
        ("off", SHARED, False),
    ],
)
def test_the_owner_decides_for_all_and_several_people_have_it_on(
    settings: Settings, given: str, host: str, fixed: bool | None
) -> None:
    assert with_owners_filter(settings, given, host).moderation is fixed


def test_what_is_neither_on_nor_off_is_refused(settings: Settings) -> None:
    with pytest.raises(OptionError, match="`--moderation` must be on or off, got 'maybe'"):
        with_owners_filter(settings, "maybe", LOCAL)


@pytest.mark.parametrize("fixed", [None, True, False])
@pytest.mark.parametrize("page", [True, False])
def test_the_chat_holds_to_it_whatever_a_page_sends(
    settings: Settings, fixed: bool | None, page: bool
) -> None:
    choice = ModelChoice("any", Precision.FP32)
    request = Request(choice, "", SamplingSettings(), moderation=page)
    guarded = guard_for(request, replace(settings, moderation=fixed)) is not None
    assert guarded == (page if fixed is None else fixed)


def test_the_switch_only_tells_where_it_is_fixed() -> None:
    free, fixed = filter_switch(), filter_switch(fixed=False)
    assert [value for _, value in free.choices] == ["on", "off"]
    assert free.interactive
    assert [value for _, value in fixed.choices] == ["off"]
    assert (fixed.value, fixed.interactive) == ("off", False)
    assert "whoever started this page" in str(fixed.info)
