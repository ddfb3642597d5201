"""The chat in the terminal: lines in, replies out, commands that begin with a slash."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table

from apps.chat.welcome import about_model
from apps.cli.terminal import console, plain, tell, write
from apps.cli.terminal_reply import describe_settings, tell_facts, write_reply
from playground.errors import OptionError, PlaygroundError
from playground.generation.fitting.system_prompt import with_system
from playground.generation.presets import CHAT_START
from playground.generation.settings import SamplingSettings
from playground.generation.settings_text import RULES, read_setting, write_setting
from playground.models.text.tokenizer import Message

if TYPE_CHECKING:
    from playground.generation.language_model import LanguageModel

HELP = {
    "/help": "this list",
    "/system TEXT": "set the system prompt; without TEXT, take it away",
    "/settings": "show the settings and their limits",
    "/set NAME VALUE": "change one setting; without VALUE, put it back to its default",
    "/retry": "write the last reply again",
    "/undo": "take back the last message and its reply",
    "/clear": "forget the conversation",
    "/exit": "leave; so do Ctrl-D, and Ctrl-C on an empty line",
}
_HINT = "/help lists the commands; Ctrl-C stops a reply; Ctrl-D leaves."


@dataclass
class TerminalChat:
    """A conversation with one model.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    settings : SamplingSettings
        How replies are generated.
    system : str
        The system prompt; empty for the model's own.
    """

    model: LanguageModel
    settings: SamplingSettings
    system: str = ""
    messages: list[Message] = field(default_factory=list)

    def run(self) -> None:
        """Read lines and answer them until the person leaves."""
        _edit_lines()
        tell(about_model(self.model.engine.model.name))
        tell(_HINT)
        while (line := _read_line()) is not None and line.rstrip() != "/exit":
            try:
                self.take(line)
            except PlaygroundError as error:
                tell(str(error), style="red")

    def take(self, line: str) -> None:
        """Answer one line, or do what it commands.

        Raises
        ------
        PlaygroundError
            When it is empty or no command, or its message does not fit; the conversation stays.
        """
        if line.startswith("/"):
            name, _, rest = line.partition(" ")
            self._command(name)(rest.strip())
        elif line.strip():
            self._answer([*self.messages, Message("user", line.strip())])
        else:
            raise OptionError("The message is empty; write something, or /exit to leave.")

    def _command(self, name: str) -> Callable[[str], None]:
        commands = {
            "/help": self._help,
            "/system": self._set_system,
            "/settings": self._show_settings,
            "/set": self._set,
            "/retry": self._retry,
            "/undo": self._undo,
            "/clear": self._clear,
        }
        if name not in commands:
            raise OptionError(
                f"There is no command {name}; /help lists them. Put a space before the slash to "
                f"send the line as a message."
            )
        return commands[name]

    def _answer(self, messages: list[Message]) -> None:
        """Write the reply to the newest message; only then does the conversation change."""
        reply = write_reply(self.model, with_system(self.system, messages), self.settings)
        write("\n")
        tell_facts(reply)
        if reply.finish_reason == "cancelled" and not reply.text:
            tell("Stopped before the first word: the conversation is as it was before.")
        elif reply.finish_reason == "content_filter" and not reply.text:
            tell("Nothing of the reply may be shown: the conversation is as it was before.")
        else:
            self.messages = [*messages, Message("assistant", reply.text)]

    def _retry(self, _rest: str) -> None:
        self._answer(self._before_last_reply("answer again"))

    def _undo(self, _rest: str) -> None:
        *self.messages, taken = self._before_last_reply("undo")
        tell(f"Taken back: {taken.content}")

    def _before_last_reply(self, wish: str) -> list[Message]:
        if not self.messages:
            raise OptionError(f"There is nothing to {wish}; the conversation is empty.")
        return self.messages[:-1]

    def _clear(self, _rest: str) -> None:
        self.messages = []
        tell("The conversation is empty; system prompt and settings stay.")

    def _set_system(self, text: str) -> None:
        self.system = text
        tell("The system prompt is set." if text else "There is no system prompt of yours now.")

    def _set(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        name = name.replace("-", "_")
        if not name:
            raise OptionError("Say which setting: /set NAME VALUE, such as /set temperature 0.7.")
        values = self.settings.as_dict()
        if value.strip():
            values[name] = read_setting(name, value)
        else:
            values[name] = CHAT_START.settings.as_dict().get(name)
        self.settings = SamplingSettings.from_mapping(values)
        tell(describe_settings(self.settings))

    def _show_settings(self, _rest: str) -> None:
        engine = self.model.engine
        unset = {
            "seed": "new each time",
            "stop": "none",
            "logit_bias": "none",
            "banned": "none",
            "context_window": str(engine.context_length),
        }
        table = _table()
        table.add_row("model", f"{engine.model.name}, {engine.precision}", "")
        system = plain(self.system) if self.system.strip() else "the model's own"
        table.add_row("system", system, "")
        for name, rule in RULES.items():
            written = plain(write_setting(name, self.settings))
            table.add_row(name, written or unset[name], rule)
        console(stderr=True).print(table)

    def _help(self, _rest: str) -> None:
        table = _table()
        for command, meaning in HELP.items():
            table.add_row(command, meaning)
        console(stderr=True).print(table)


def _table() -> Table:
    return Table(show_header=False, box=None, pad_edge=False)


def _edit_lines() -> None:
    """Give the line its arrow keys and its history, where the system has them."""
    with contextlib.suppress(ImportError):
        import readline

        # A text of several lines that is pasted stays one message.
        readline.parse_and_bind("set enable-bracketed-paste on")


def _read_line() -> str | None:
    """Return the next line, or None when the person leaves."""
    asks = sys.stdin.isatty()
    while True:
        try:
            return input("\nYou: " if asks else "")
        except KeyboardInterrupt:
            write("\n")
            if not _half_typed():
                return None
        except EOFError:
            write("\n" if asks else "")
            return None


def _half_typed() -> bool:
    """Tell whether Ctrl-C threw away a line that was being written."""
    readline = sys.modules.get("readline")
    return readline is not None and bool(readline.get_line_buffer())
