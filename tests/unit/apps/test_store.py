"""Conversations on the disk: private, whole, none lost, each on its own."""

from __future__ import annotations

import errno
import json
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from apps.chat import store as store_module
from apps.chat.conversations import Branch, Conversation, ReplyFacts, Turn
from apps.chat.store import ConversationStore
from playground.errors import OptionError, StorageFailed
from playground.generation.choosing import StageRecord
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.prompt import Cut, Fit
from playground.generation.fitting.window import ContextUsage
from playground.generation.recording import AlternativeRecord, TokenRecord

KEY, OTHER = "0123456789abcdef" * 2, "f" * 32
FACTS = ReplyFacts(
    tokens=3,
    prompt_tokens=9,
    context_length=8192,
    first_token_seconds=0.1,
    tokens_per_second=20.0,
    finish_reason="end_of_turn",
    model="M",
    precision="FP32",
    engine="transformers",
    settings={"temperature": 1.0, "seed": 5, "stop": []},
)
FIT = Fit(OverflowPolicy.SLIDING, ContextUsage(160, 25, 60, 20, 40), (0, 1), Cut(2, 0, 7, 9), 1, 4)
TOKEN = TokenRecord(
    49151,
    " alternative",
    " alternative",
    -12.345678901234567,
    49152,
    10.802723884582520,
    0.12345678901234567,
    0.12345678901234567,
    0.12345678901234567,
    tuple(StageRecord(name, 12.345678901234567, 49152) for name in ("top_k", "top_p")),
    tuple(AlternativeRecord(49151, " alternative", -12.345678901234567) for _ in range(10)),
)


def say(text: str) -> Callable[[Conversation], Conversation]:
    return lambda conversation: conversation.with_turn(Turn("user", text))


def contents(conversation: Conversation) -> list[str]:
    return [turn.content for turn in conversation.turns]


def put_turns(folder: Path, *turns: object, **more: object) -> Path:
    """Write a file of messages as some version might have left it."""
    path = folder / KEY / "turns.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"turns": turns, "previous": [], **more}))
    return path


@pytest.mark.parametrize(
    "text", ["hi\n<b>", "Gr\u00fc\u00dfe \N{SLIGHTLY SMILING FACE}", "half a character \ud800"]
)
@pytest.mark.parametrize("facts", [FACTS, replace(FACTS, fit=FIT, branch=Branch(3, "a", "b"))])
def test_a_conversation_comes_back_as_it_was(tmp_path: Path, text: str, facts: ReplyFacts) -> None:
    told = Conversation(
        (Turn("user", text), Turn("assistant", text, facts, "cut", "tokens-1.json"))
    )
    ConversationStore(tmp_path / "c").update(KEY, lambda _: told)
    again = ConversationStore(tmp_path / "c")
    assert again.load(KEY) == told
    assert again.problem(KEY) is None


def test_settings_and_tokens_have_files_of_their_own_and_each_change_writes_its_own_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, written = ConversationStore(tmp_path), list[tuple[str, int]]()
    for _ in range(20):
        name = store.keep_recording(KEY, (TOKEN,) * 100)
        reply = Turn("assistant", " alternative" * 100, FACTS, recording=name)
        store.update(KEY, lambda c, reply=reply: c.with_turn(reply))
    write = Path.write_bytes

    def count(path: Path, content: bytes) -> int:
        written.append((path.name.partition(".")[0], len(content)))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", count)
    store.keep_settings(KEY, {"temperature": 0.5})
    store.keep_settings(KEY, {"temperature": 0.5})  # nothing new
    store.update(KEY, say("and?"))
    assert [name for name, _ in written] == ["settings", "turns"]
    assert written[0][1] < 100
    assert written[1][1] < 40_000  # the tokens alone are a megabyte
    assert store.settings(KEY) == {"temperature": 0.5}
    assert store.recording(KEY, store.load(KEY).turns[3]) == (TOKEN,) * 100
    assert store.recording(KEY, store.load(KEY).turns[-1]) == ()


def test_what_is_opened_again_is_not_parsed_again_up_to_a_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed, read = list[int](), store_module.read_conversation

    def count(content: bytes) -> Conversation:
        parsed.append(len(content))
        return read(content)

    monkeypatch.setattr(store_module, "read_conversation", count)
    for text in ("small", "x" * 1000):
        ConversationStore(tmp_path).update(KEY, say(text))
    monkeypatch.setattr(store_module, "PARSED_BYTES", 500)
    parsed.clear()
    small, large = ConversationStore(tmp_path / "s"), ConversationStore(tmp_path)
    small.update(KEY, say("small"))
    for store, times in ((small, 0), (large, 3)):
        parsed.clear()
        for _ in range(3):
            store.load(KEY)
        assert len(parsed) == times


def test_what_another_process_wrote_is_seen_at_once(tmp_path: Path) -> None:
    here, there = ConversationStore(tmp_path), ConversationStore(tmp_path)
    for store, other in ((here, there), (there, here)) * 3:
        store.update(KEY, say("more"))
        assert other.load(KEY) == store.load(KEY)


def test_a_change_of_one_conversation_waits_for_no_other(tmp_path: Path) -> None:
    store, begun, go_on = ConversationStore(tmp_path), threading.Event(), threading.Event()

    def linger(conversation: Conversation) -> Conversation:
        begun.set()
        assert go_on.wait(10)
        return say("slow")(conversation)

    slow = threading.Thread(target=store.update, args=(KEY, linger))
    slow.start()
    assert begun.wait(10)
    store.update(OTHER, say("quick"))
    store.keep_settings(OTHER, {"top_k": 3})
    assert contents(store.load(OTHER)) == ["quick"]
    assert slow.is_alive()
    go_on.set()
    slow.join(10)
    assert contents(store.load(KEY)) == ["slow"]


def test_changes_at_once_are_all_kept(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.update(KEY, say(str(number))), range(40)))
    assert sorted(map(int, contents(store.load(KEY)))) == list(range(40))


def test_a_new_key_has_an_empty_conversation_and_no_file(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "c")
    assert store.load(KEY) == Conversation()
    assert store.settings(KEY) == {}
    store.update(KEY, lambda conversation: conversation)
    assert not (tmp_path / "c").exists()


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path / "c")
    store.keep_recording(KEY, (TOKEN,))
    store.keep_settings(KEY, {"system": "secret"})
    store.update(KEY, say("secret"))
    paths = [tmp_path / "c", *(tmp_path / "c").rglob("*")]
    assert len(paths) == 5
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32 + "\n", "a/" * 16]
)
def test_a_key_of_another_form_is_refused(tmp_path: Path, key: str) -> None:
    store = ConversationStore(tmp_path)
    for use in (
        lambda: store.load(key),
        lambda: store.settings(key),
        lambda: store.keep_settings(key, {}),
        lambda: store.update(key, say("hi")),
        lambda: store.keep_recording(key, (TOKEN,)),
    ):
        with pytest.raises(OptionError, match="32 hexadecimal digits"):
            use()


@pytest.mark.parametrize(
    "broken",
    [
        '{"turns": [{"role": "us',
        "",
        "[]",
        "7",
        '{"turns": {}}',
        '{"turns": [7], "previous": []}',
        '{"turns": [{"role": "user"}]}',
        '{"turns": [{"role": 1, "content": "a"}]}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_broken_files_are_set_aside_under_names_of_their_own_and_told(
    tmp_path: Path, broken: str
) -> None:
    store, kept = ConversationStore(tmp_path), set[str]()
    for number in range(3):
        path = put_turns(tmp_path)
        path.write_text(broken + " " * number)
        assert store.load(KEY) == Conversation()
        assert "were set aside" in str(store.problem(KEY))
        assert store.problem(OTHER) is None
        assert str(tmp_path) not in str(store.problem(KEY))
        store.update(KEY, say("again"))
        assert store.problem(KEY) is None  # it was told, and they went on
        assert contents(store.load(KEY)) == ["again"]
        kept.add(broken + " " * number)
        assert {path.read_text() for path in tmp_path.rglob("*.broken")} == kept


def test_broken_settings_are_set_aside_and_the_messages_stay(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    store.update(KEY, say("hi"))
    (tmp_path / KEY / "settings.json").write_text("{")
    assert store.settings(KEY) == {}
    assert "Your settings could not be read" in str(store.problem(KEY))
    assert contents(store.load(KEY)) == ["hi"]
    store.keep_settings(KEY, {"top_k": 1})
    assert len(list(tmp_path.rglob("*.broken"))) == 1


NEWER_FACTS = {
    **asdict(replace(FACTS, fit=None)),
    "finish_reason": "moderated",
    "settings": {"temperature": 7, "warmth": "high", "overflow": "newest"},
    "verdict": {"rule": 3},
}
del NEWER_FACTS["unread"]


@pytest.mark.parametrize(
    "turn",
    [
        {"role": "tool", "content": "42", "call": {"id": 7}},
        {"role": "assistant", "content": "ho", "facts": NEWER_FACTS},
        {"role": "assistant", "content": "ho", "facts": {"tokens": 3}},
        {"role": "assistant", "content": "ho", "facts": {**NEWER_FACTS, "tokens": "many"}},
        {"role": "assistant", "content": "ho", "facts": {**NEWER_FACTS, "fit": {"policy": "new"}}},
        {
            "role": "assistant",
            "content": "ho",
            "facts": {**NEWER_FACTS, "branch": {"token": 1, "before": "a", "after": "b", "by": 2}},
        },
        {"role": "assistant", "content": "ho", "notice": ["a", "list"], "recording": 7},
    ],
)
def test_what_another_version_wrote_is_shown_and_written_back_as_it_stood(
    tmp_path: Path, turn: dict[str, object]
) -> None:
    path = put_turns(tmp_path, {"role": "user", "content": "hi"}, turn, titled="A talk")
    store = ConversationStore(tmp_path)
    assert contents(store.load(KEY)) == ["hi", turn["content"]]
    assert store.load(KEY).turns[1].role == turn["role"]
    store.update(KEY, say("more"))
    stored = json.loads(path.read_text())
    assert stored["titled"] == "A talk"
    assert turn.items() <= stored["turns"][1].items() or _within(turn, stored["turns"][1])
    assert store.problem(KEY) is None


def _within(part: dict[str, object], whole: dict[str, object]) -> bool:
    """Tell whether all of an object stands in another, whatever else stands there."""
    return all(
        _within(value, found)
        if isinstance(value, dict) and isinstance(found := whole.get(name), dict)
        else whole.get(name) == value
        for name, value in part.items()
    )


def test_unknown_reasons_and_settings_are_read_as_they_stand(tmp_path: Path) -> None:
    put_turns(tmp_path, {"role": "assistant", "content": "ho", "facts": NEWER_FACTS})
    facts = ConversationStore(tmp_path).load(KEY).turns[0].facts
    assert facts is not None
    assert facts.finish_reason == "moderated"
    assert facts.settings == NEWER_FACTS["settings"]
    store = ConversationStore(tmp_path)
    store.keep_settings(KEY, {"warmth": "high"})
    store.keep_settings(KEY, {"top_k": 3})
    assert store.settings(KEY) == {"warmth": "high", "top_k": 3}


def test_tokens_that_cannot_be_read_are_told_in_a_sentence_and_stay(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    name = store.keep_recording(KEY, (TOKEN,))
    reply = Turn("assistant", "ho", FACTS, recording=name)
    path = tmp_path / KEY / str(name)
    for content in (b"[", b'[{"token_id": "new form"}]', None):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        with pytest.raises(OptionError, match="retry it to have new ones"):
            store.recording(KEY, reply)
    assert store.keep_recording(KEY, ()) is None


def test_tokens_go_when_no_message_refers_to_them_any_more(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    for number in range(2):
        name = store.keep_recording(KEY, (replace(TOKEN, rank=number + 1),))
        reply = Turn("assistant", str(number), FACTS, recording=name)
        store.update(KEY, lambda c, reply=reply: c.with_turn(reply))
    first, second = store.load(KEY).turns
    store.update(KEY, lambda c: c.cut_to(1))
    assert store.recording(KEY, second)  # it can be brought back
    store.update(KEY, lambda c: c.cut_to(0))
    assert store.recording(KEY, first)
    with pytest.raises(OptionError, match="tokens of this reply"):
        store.recording(KEY, second)


def test_what_a_cut_took_can_be_brought_back_and_what_stood_there_too() -> None:
    whole = Conversation((Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")))
    cut = whole.cut_to(1)
    assert contents(cut) == ["a"]
    assert cut.restored().turns == whole.turns
    assert cut.restored().restored().turns == cut.turns
    assert whole.restored() is whole.cut_to(3) is whole


def refuse(number: int) -> Callable[..., int]:
    def fail(path: Path, *_: object, **__: object) -> int:
        raise OSError(number, "The disk says no", str(path))

    return fail


def test_a_disk_that_takes_nothing_loses_nothing_and_is_told_to_those_concerned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ConversationStore(tmp_path)
    store.update(OTHER, say("before"))
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", refuse(errno.ENOSPC))
        name = store.keep_recording(KEY, (TOKEN,))
        reply = Turn("assistant", "ho", FACTS, recording=name)
        store.update(KEY, lambda c: say("kept")(c).with_turn(reply))
        store.keep_settings(KEY, {"top_k": 3})
        assert contents(store.load(KEY)) == ["kept", "ho"]
        assert store.settings(KEY) == {"top_k": 3}
        assert store.recording(KEY, reply) == (TOKEN,)
        assert "cannot be saved on the disk (The disk says no)" in str(store.problem(KEY))
        assert str(tmp_path) not in str(store.problem(KEY))
        assert store.problem(OTHER) is None
        assert not list((tmp_path / KEY).iterdir())
    store.update(KEY, lambda c: c)  # the next change, or none, saves what was held back
    assert store.problem(KEY) is None
    again = ConversationStore(tmp_path)
    assert contents(again.load(KEY)) == ["kept", "ho"]
    assert again.recording(KEY, reply) == (TOKEN,)
    assert again.settings(KEY) == {"top_k": 3}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ELOOP])
def test_a_disk_that_gives_nothing_is_told_without_a_path_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    ConversationStore(tmp_path).update(KEY, say("there"))
    store = ConversationStore(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", refuse(number))
        for use in (
            lambda: store.load(KEY),
            lambda: store.settings(KEY),
            lambda: store.update(KEY, say("lost")),
            lambda: store.keep_settings(KEY, {"top_k": 3}),
        ):
            with pytest.raises(StorageFailed, match="The disk says no") as told:
                use()
            assert str(tmp_path) not in str(told.value)
    assert contents(store.load(KEY)) == ["there"]


def test_a_broken_file_that_cannot_be_set_aside_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_turns(tmp_path)
    path.write_text("{")
    store = ConversationStore(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", refuse(errno.EROFS))
        with pytest.raises(StorageFailed, match="cannot be set aside") as told:
            store.update(KEY, say("over it"))
    assert str(tmp_path) not in str(told.value)
    assert path.read_text() == "{"


@pytest.mark.parametrize("file_in_the_way", ["", KEY])
def test_a_file_where_a_folder_should_be_is_told_without_a_path(
    tmp_path: Path, file_in_the_way: str
) -> None:
    folder = tmp_path / "conversations"
    if file_in_the_way:
        folder.mkdir()
    (folder / file_in_the_way).write_text("no folder")
    store = ConversationStore(folder)
    store.update(KEY, say("kept"))
    assert contents(store.load(KEY)) == ["kept"]
    assert "cannot be saved on the disk" in str(store.problem(KEY))
    assert str(tmp_path) not in str(store.problem(KEY))
    assert (folder / file_in_the_way).read_text() == "no folder"


def put_earlier(folder: Path) -> str:
    """Write a conversation of the form before: all in one file."""
    tokens = [asdict(TOKEN), asdict(replace(TOKEN, logprob=float("-inf"), rank=7))]
    facts = asdict(replace(FACTS, fit=FIT))
    del facts["unread"]
    question = {"role": "user", "content": "hi", "facts": None, "notice": None, "tokens": []}
    reply = {"role": "assistant", "content": "ho", "facts": facts, "notice": "cut"}
    earlier: dict[str, object] = {
        "turns": [question, {**reply, "tokens": tokens}],
        "previous": [question, {**reply, "tokens": tokens}, {**question, "content": "gone"}],
        "rail": {"seed": "", "top_p": 0.9, "warmth": "high"},
    }
    (folder / f"{KEY}.json").write_text(json.dumps(earlier))
    return json.dumps(earlier)


def check_taken_over(store: ConversationStore) -> None:
    conversation = store.load(KEY)
    assert contents(conversation) == ["hi", "ho"]
    assert [turn.content for turn in conversation.previous] == ["hi", "ho", "gone"]
    reply = conversation.turns[1]
    assert (reply.facts, reply.notice) == (replace(FACTS, fit=FIT), "cut")
    assert [record.rank for record in store.recording(KEY, reply)] == [TOKEN.rank, 7]
    assert store.recording(KEY, reply)[0] == TOKEN
    assert store.settings(KEY) == {"seed": "", "top_p": 0.9, "warmth": "high"}
    assert store.problem(KEY) is None


@pytest.mark.parametrize("first", ["load", "settings", "keep_settings", "update"])
def test_a_conversation_of_the_form_before_is_taken_over_without_loss(
    tmp_path: Path, first: str
) -> None:
    put_earlier(tmp_path)
    store = ConversationStore(tmp_path)
    {
        "load": lambda: store.load(KEY),
        "settings": lambda: store.settings(KEY),
        "keep_settings": lambda: store.keep_settings(KEY, {}),
        "update": lambda: store.update(KEY, lambda c: c),
    }[first]()
    check_taken_over(store)
    check_taken_over(ConversationStore(tmp_path))
    names = sorted(path.name.partition("-")[0] for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["settings.json", "tokens", "turns.json"]


def test_a_full_disk_keeps_the_form_before_until_all_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, store = put_earlier(tmp_path), ConversationStore(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", refuse(errno.ENOSPC))
        assert contents(store.load(KEY)) == ["hi", "ho"]
        assert store.recording(KEY, store.load(KEY).turns[1])[0] == TOKEN
        assert (tmp_path / f"{KEY}.json").read_text() == earlier
    check_taken_over(ConversationStore(tmp_path))


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
    assert (reply.content, reply.recording) == ("ho", None)
    assert reply.facts
    assert (reply.facts.branch, reply.facts.fit) == (None, None)


def test_a_broken_file_of_the_form_before_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.json").write_text('{"turns": [{"role": "us')
    store = ConversationStore(tmp_path)
    assert store.load(KEY) == Conversation()
    assert "were set aside" in str(store.problem(KEY))
    assert [path.read_text() for path in tmp_path.glob("*.broken")] == ['{"turns": [{"role": "us']
