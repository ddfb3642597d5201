"""Conversations on the disk: private, whole, and none lost."""

from __future__ import annotations

import errno
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.chat.conversations import Conversation, ConversationStore, ReplyFacts, Turn
from playground.errors import OptionError
from playground.generation.choosing import StageRecord
from playground.generation.recording import AlternativeRecord, TokenRecord

KEY = "0123456789abcdef" * 2
FACTS = ReplyFacts(
    tokens=3, prompt_tokens=9, context_length=8192, first_token_seconds=0.1,
    tokens_per_second=20.0, finish_reason="end_of_turn", model="M", precision="FP32",
    engine="transformers", settings={"temperature": 1.0, "seed": 5, "stop": []},
)  # fmt: skip


def test_a_conversation_comes_back_as_it_was(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "c")
    reply = Turn(
        "assistant",
        "Grüße \ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16"),
        FACTS,
        "cut",
    )
    told = Conversation((Turn("user", "hi\n<b>"), reply), rail={"seed": "", "top_p": 0.9})
    store.update(KEY, lambda _: told)
    assert ConversationStore(tmp_path / "c").load(KEY) == told


def test_a_conversation_from_before_tokens_were_kept_still_opens(tmp_path: Path) -> None:
    facts = (
        '{"tokens":3,"prompt_tokens":9,"context_length":8192,"first_token_seconds":0.1,'
        '"tokens_per_second":null,"finish_reason":"end_of_turn","model":"M","precision":"FP32",'
        '"engine":"core","settings":{}}'
    )
    (tmp_path / f"{KEY}.json").write_text(
        '{"turns":[{"role":"user","content":"hi","facts":null,"notice":null},'
        f'{{"role":"assistant","content":"ho","facts":{facts},"notice":null}}],'
        '"previous":[],"rail":{}}'
    )
    reply = ConversationStore(tmp_path).load(KEY).turns[1]
    assert (reply.content, reply.tokens) == ("ho", ())
    assert reply.facts
    assert reply.facts.branch is None


def test_a_long_reply_with_its_tokens_stays_under_a_megabyte(tmp_path: Path) -> None:
    stages = tuple(StageRecord(name, 12.345678901234567, 49152) for name in ("top_k", "top_p"))
    others = tuple(AlternativeRecord(49151, " alternative", -12.345678901234567) for _ in range(10))
    token = TokenRecord(
        49151, " alternative", " alternative", -12.345678901234567, 49152, 10.802723884582520,
        0.12345678901234567, 0.12345678901234567, 0.12345678901234567, stages, others,
    )  # fmt: skip
    reply = Turn("assistant", " alternative" * 256, FACTS, tokens=(token,) * 256)
    ConversationStore(tmp_path).update(KEY, lambda c: c.with_turn(reply))
    assert (tmp_path / f"{KEY}.json").stat().st_size < 500_000


def test_a_new_key_has_an_empty_conversation_and_no_file(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "c")
    assert store.load(KEY) == Conversation()
    store.update(KEY, lambda conversation: conversation)
    assert not (tmp_path / "c").exists()


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "c")
    store.update(KEY, lambda c: c.with_turn(Turn("user", "secret")))
    assert stat.S_IMODE((tmp_path / "c" / f"{KEY}.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32 + "\n", "a/" * 16]
)
def test_a_key_of_another_form_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(OptionError, match="32 hexadecimal digits"):
        ConversationStore(tmp_path).load(key)


def test_a_broken_file_is_set_aside_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.json").write_text('{"turns": [{"role": "us')
    store = ConversationStore(tmp_path)
    assert store.load(KEY) == Conversation()
    assert (tmp_path / f"{KEY}.broken").read_text().startswith('{"turns"')


def test_changes_at_once_are_all_kept(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda i: store.update(KEY, lambda c: c.with_turn(Turn("user", str(i)))), range(40)
            )
        )
    assert sorted(int(turn.content) for turn in store.load(KEY).turns) == list(range(40))


def test_what_a_cut_took_can_be_brought_back_once() -> None:
    whole = Conversation((Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")))
    cut = whole.cut_to(1)
    assert [turn.content for turn in cut.turns] == ["a"]
    assert cut.restored().turns == whole.turns
    assert cut.restored().restored().turns == whole.turns
    assert whole.cut_to(3) is whole


def test_a_full_disk_loses_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ConversationStore(tmp_path)
    write = Path.write_bytes

    def no_space(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    store.update(KEY, lambda c: c.with_turn(Turn("user", "kept")))
    assert [turn.content for turn in store.load(KEY).turns] == ["kept"]
    assert "No space left on device" in str(store.problem)
    monkeypatch.setattr(Path, "write_bytes", write)
    store.update(KEY, lambda c: c)  # the next change, or none, saves what was held back
    assert store.problem is None
    assert [turn.content for turn in ConversationStore(tmp_path).load(KEY).turns] == ["kept"]
