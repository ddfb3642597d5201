"""Limits for a stranger's chat template, which is a program: how long it runs, what it may build.

transformers renders it in jinja's sandbox, which keeps it from the machine, not from running for
ever or from filling the memory.
"""

from __future__ import annotations

import ctypes
import gc
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from playground.errors import OptionError

if TYPE_CHECKING:
    from jinja2 import nodes

# A template takes milliseconds for the longest conversation that fits a window. What doubles its
# text at each step is in its last step by then, which takes as long as all before it.
SECONDS = 1.0
_LOOK_EVERY = 0.05

# What makes a text as wide as a number says.
_WIDE_METHODS = frozenset(
    ("format", "format_map", "center", "ljust", "rjust", "zfill", "expandtabs")
)
_WIDE_FILTERS = frozenset(("center", "format"))
# What does so too, and stands in honest templates with a small one: `tojson(indent=4)`.
_FILTERS_BY_NUMBER = frozenset(("batch", "indent", "slice", "tojson"))
_WIDEST = 100
# A tag of transformers', which jinja alone does not know.
_GENERATION = re.compile(r"\{%[-+]?\s*(end)?generation\s*[-+]?%\}")


class TemplateTooSlow(Exception):
    """The template was still running at the end of its time."""

    def __init__(self) -> None:
        super().__init__(f"it computed for more than {SECONDS:g} second")


@contextmanager
def time_limit(seconds: float = SECONDS) -> Iterator[None]:
    """End what runs inside, on this thread, after so many seconds of computing.

    Time in which others had the processor does not count, nor does what Python spends on collecting
    the garbage of the whole process. The exception arrives between two steps of Python code: one
    long step, such as building a huge string, it cannot end. `require_modest` refuses what would
    build one.

    Raises
    ------
    TemplateTooSlow
        Inside of the block.
    """
    thread, over, guard = threading.get_ident(), threading.Event(), threading.Lock()
    spent = _clock_of(thread)
    set_async = ctypes.pythonapi.PyThreadState_SetAsyncExc
    garbage = _GarbageTime(thread, spent)

    def watch() -> None:
        began = spent()
        while not over.wait(_LOOK_EVERY):
            if garbage.collecting or spent() - began - garbage.seconds < seconds:
                continue
            with guard:
                if not over.is_set():
                    set_async(ctypes.c_ulong(thread), ctypes.py_object(TemplateTooSlow))
            # Python drops what arrives in a finalizer: it is sent again after the same time.
            began = spent() - garbage.seconds

    gc.callbacks.append(garbage)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with guard:
            over.set()
        set_async(ctypes.c_ulong(thread), None)  # one that was sent and has not arrived
        gc.callbacks.remove(garbage)


class _GarbageTime:
    """The seconds that a thread spends on collecting garbage: a callback of `gc`."""

    def __init__(self, thread: int, clock: Callable[[], float]) -> None:
        self._thread, self._clock = thread, clock
        self._began = 0.0
        self.seconds = 0.0
        self.collecting = False

    def __call__(self, phase: str, _info: dict[str, int]) -> None:
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self.collecting, self._began = True, self._clock()
        elif self.collecting:
            self.seconds += self._clock() - self._began
            self.collecting = False


def _clock_of(thread: int) -> Callable[[], float]:
    """Return the clock of a thread's own seconds; where the system has none, that of the wall."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    return partial(time.clock_gettime, time.pthread_getcpuclockid(thread))


@lru_cache(maxsize=32)
def require_modest(template: str) -> None:
    """Refuse what makes something huge out of something small, in one step.

    Powers, products, formats with a width, and indents of a thousand do; the templates of chat
    models use none.

    Raises
    ------
    OptionError
        With what it is and the line.
    """
    from jinja2 import Environment, TemplateSyntaxError, nodes

    try:
        environment = Environment(extensions=["jinja2.ext.loopcontrols"])  # noqa: S701 - only parsed
        tree = environment.parse(_GENERATION.sub("", template))
    except (TemplateSyntaxError, RecursionError):
        return  # whoever renders it says why not
    for node in tree.find_all(
        (nodes.Pow, nodes.Mul, nodes.Mod, nodes.Filter, nodes.Getattr, nodes.Getitem, nodes.Call)
    ):
        if found := _immodest(node):
            raise OptionError(
                f"The model's chat template must not build texts out of numbers, and has {found} "
                f"in line {node.lineno}, which can fill the memory; take it out, or choose "
                "another model."
            )


def _immodest(node: object) -> str | None:
    from jinja2 import nodes

    if isinstance(node, nodes.Pow):
        return "a power (**)"
    if isinstance(node, nodes.Mul):
        return "a product (*)"
    if isinstance(node, nodes.Mod) and isinstance(node.left, nodes.Const | nodes.TemplateData):
        return "a format (%)" if isinstance(node.left.as_const(), str) else None
    if isinstance(node, nodes.Filter):
        return _immodest_filter(node)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        return "the method format" if node.node.attr == "format" else None
    return _wide_method(node)


def _wide_method(node: object) -> str | None:
    """Return a method that is named, called or not: kept under a name it can be called by that."""
    from jinja2 import nodes

    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return None
    name = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
    # The schemas of tools have a field `format`.
    of_a_text = isinstance(_constant(node.node), str)
    return (
        f"the method {name}" if name in _WIDE_METHODS and (name != "format" or of_a_text) else None
    )


def _immodest_filter(node: nodes.Filter) -> str | None:
    given = [*node.args, *(each.value for each in node.kwargs)]
    if node.name in _WIDE_FILTERS:
        return f"the filter {node.name}"
    if node.name in _FILTERS_BY_NUMBER and not all(map(_is_small, given)):
        return f"the filter {node.name} with a number over {_WIDEST}"
    named = _constant(given[0]) if given else None
    if node.name == "map" and named in {*_WIDE_FILTERS, *_FILTERS_BY_NUMBER, "attr"}:
        return f"the filter {named}"
    if node.name == "attr" and (not isinstance(named, str) or named in _WIDE_METHODS):
        return "the filter attr"
    return None


def _constant(node: nodes.Node) -> object:
    from jinja2 import nodes

    return node.value if isinstance(node, nodes.Const) else None


def _is_small(node: nodes.Node) -> bool:
    from jinja2 import nodes

    if isinstance(node, nodes.Tuple):  # the separators of JSON
        return all(map(_is_small, node.items))
    if not isinstance(node, nodes.Const):
        return False
    size = len(node.value) if isinstance(node.value, str) else node.value or 0
    return bool(size <= _WIDEST)
