"""Gradio's Blocks, with errors said in one sentence and the memory of closed pages given back."""

from __future__ import annotations

import logging
from copy import copy
from typing import Any
from uuid import uuid4

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.blocks import BlocksConfig

# A page that was closed may come back, such as after a lost connection; only the latest few can.
KEPT_CLOSED_PAGES = 8

# Gradio holds for each what events have changed in it. Who asks without a page, as a script does,
# never closes it. The longest unused goes: an open page that comes back loses a kept picture of the
# next token alone.
KEPT_PAGES = 100

_LEFT = gr.skip()  # of a component that an event leaves as it is

_OF_THE_API = ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs")

_log = logging.getLogger(__name__)


class _PageConfig(BlocksConfig):
    """The components and events that Gradio copies for each page."""

    def __copy__(self) -> _PageConfig:
        copied = _PageConfig(self.root_block)
        vars(copied).update(vars(super().__copy__()))
        return copied

    @staticmethod
    def config_for_block(
        _id: int, rendered_ids: list[int], block: Any, renderable: Any = None
    ) -> dict[str, Any]:
        """Return what the browser is told of a component; nothing where none is being laid out.

        Gradio asks so for each component of each page that opens, and for what every event changes:
        a third of what a page costs the server, and a megabyte. It would serve its links to
        a page as it stands, which are not offered here; the address holds what a page says.
        """
        if not rendered_ids:
            return {}
        return BlocksConfig.config_for_block(_id, rendered_ids, block, renderable)


class PageBlocks(gr.Blocks):
    """The page's Blocks."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.default_config = _PageConfig(self)
        self.state_session_capacity = KEPT_PAGES

    def get_config_file(self) -> Any:
        """Return what a page is told of itself, without what Gradio's own API would be told.

        That API is closed; its descriptions of what each component takes and gives are a third of
        the configuration, which is copied, sent and read for each page.
        """
        config: Any = super().get_config_file()
        for component in config["components"]:
            for name in _OF_THE_API:
                component.pop(name, None)
        return config

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: Any, state: Any
    ) -> list[Any]:
        """Return what goes to the page of what an event has returned: one value an output.

        Gradio makes each component anew that an event leaves as it is. In a view that is redrawn
        several times a second that is most of what it costs the server.
        """
        outputs = block_fn.outputs
        if not isinstance(predictions, dict) or not set(predictions) <= set(outputs):
            made: list[Any] = await super().postprocess_data(block_fn, predictions, state)
            return made
        changed = [each for each in outputs if not _left(predictions.get(each, _LEFT))]
        few = copy(block_fn)
        few.outputs = changed
        values = [predictions[each] for each in changed]
        given = values if len(values) != 1 else values[0]  # as a function with one output gives it
        found = dict(zip(changed, await super().postprocess_data(few, given, state), strict=True))
        return [found.get(each, _LEFT) for each in outputs]

    async def process_api(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Run one event; what nobody foresaw becomes one sentence, and one line in the log.

        Raises
        ------
        gradio.Error
            When the event failed.
        """
        try:
            return await super().process_api(*arguments, **named)
        except gr.Error:
            raise
        # Values of the wrong kind fail in Gradio's own code as well as in ours, in any way.
        except Exception as error:
            raise gr.Error(failed_sentence(error), print_exception=False) from None
        finally:
            self._forget_closed_pages()

    def _forget_closed_pages(self) -> None:
        """Drop what Gradio holds of closed pages: what events have changed in each."""
        sessions = self.state_holder.session_data
        closed = [key for key, state in list(sessions.items()) if state.is_closed]
        for key in closed[:-KEPT_CLOSED_PAGES]:
            self.state_holder.delete_state(key)
            sessions.pop(key, None)
            self.state_holder.time_last_used.pop(key, None)
            self._queue.pending_event_ids_session.pop(key, None)
            self._queue.pending_messages_per_session.pop(key, None)


def _left(value: Any) -> bool:
    return isinstance(value, dict) and value == _LEFT


def failed_sentence(error: Exception) -> str:
    """Log an error nobody foresaw in one line, and return the sentence that points there.

    The traceback follows at the level of debugging alone.
    """
    reference = uuid4().hex[:8]
    told = " ".join(str(error).split())[:200]
    _log.error("event failed, reference %s: %s: %s", reference, type(error).__name__, told)
    _log.debug("reference %s", reference, exc_info=error)
    return (
        "The page's event could not be carried out with these values. Reload the page and try "
        f"again; the server's log has more under {reference}."
    )
