"""The policies in force: read again on change, and a bad file changes nothing but its sentence."""

import os
from pathlib import Path

import pytest

from playground.moderation.policies import Policies, matches_category

TEXT = """\
policy: mine
title: Mine
categories: [{id: mine, title: Mine}]
rules: [{id: a, category: mine, action: block, reason: r, phrases: [forbidden]}]
"""


def write(path: Path, text: str) -> None:
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before + 10**9, before + 10**9))


def finds(policies: Policies, text: str) -> bool:
    return any(matches_category(each, text, "mine") for each in policies.stages())


def test_a_changed_file_is_in_force_at_once(tmp_path: Path) -> None:
    policies = Policies(tmp_path, shipped=False)
    assert policies.stages() == ()
    write(tmp_path / "mine.yaml", TEXT)
    assert finds(policies, "this is forbidden")
    held = policies.stages()
    write(tmp_path / "mine.yaml", TEXT.replace("forbidden", "banned"))
    assert finds(policies, "this is banned")
    assert not finds(policies, "this is forbidden")
    (tmp_path / "mine.yaml").unlink()
    assert policies.stages() == ()
    assert matches_category(held[0], "this is forbidden", "mine")


def test_a_bad_file_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    policies = Policies(tmp_path, shipped=False)
    write(tmp_path / "mine.yaml", TEXT)
    policies.stages()
    write(tmp_path / "mine.yaml", TEXT.replace("action: block", "action: nothing"))
    assert finds(policies, "this is forbidden")
    (sentence,) = policies.refused()
    assert sentence.startswith("mine.yaml, line 4: ")
    assert sentence.endswith("What was in force before stays.")
    write(tmp_path / "mine.yaml", TEXT)
    assert policies.refused() == ()


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        write(tmp_path / name, TEXT)
    policies = Policies(tmp_path, shipped=False)
    assert len(policies.stages()) == 1
    assert "stands already in a.yaml" in policies.refused()[0]
    (tmp_path / "a.yaml").unlink()
    assert policies.refused() == ()
    assert len(policies.stages()) == 1


def test_an_ending_in_capitals_is_one(tmp_path: Path) -> None:
    write(tmp_path / "MINE.YAML", TEXT)
    assert finds(Policies(tmp_path, shipped=False), "this is forbidden")


def test_a_file_that_vanishes_during_a_look_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine.yaml", TEXT)
    gone = [tmp_path / "gone.yaml", tmp_path / "mine.yaml"]
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(gone))
    assert finds(Policies(tmp_path, shipped=False), "this is forbidden")


def test_a_folder_that_may_not_be_read_is_said_and_the_old_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = Policies(tmp_path, shipped=False)
    write(tmp_path / "mine.yaml", TEXT)
    policies.stages()

    def closed(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", closed)
    assert finds(policies, "this is forbidden")
    assert "cannot be read (Permission denied)" in policies.refused()[0]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"policy: \xff")
    assert "not UTF-8" in Policies(tmp_path).refused()[0]


def test_an_own_policy_takes_the_place_of_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", TEXT.replace("policy: mine", "policy: politics.war_targeting"))
    names = [each.loaded.policy.policy for each in Policies(tmp_path).stages()]
    assert names.count("politics.war_targeting") == 1
    assert finds(Policies(tmp_path), "this is forbidden")


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all")])
def test_without_a_folder_the_shipped_ones_are_in_force(folder: Path | None) -> None:
    assert "politics.war_targeting" in [
        each.loaded.policy.policy for each in Policies(folder).stages()
    ]
