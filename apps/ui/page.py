"""The page: labs at the left, the work in the middle, run settings at the right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from apps.chat.service import ChatService
from apps.ui.badge import render_badge
from apps.ui.catalog_section import CatalogSection
from apps.ui.chat_tab import ChatTab
from apps.ui.conversation_section import ConversationSection
from apps.ui.cost_section import CostSection
from apps.ui.digits_section import DigitsSection
from apps.ui.distribution_section import DistributionSection
from apps.ui.events import QUIET
from apps.ui.keys import keys_button, keys_list, skip_links
from apps.ui.lab_panel import LabPanel, Parts, Special
from apps.ui.link import Link
from apps.ui.memory_section import MemorySection
from apps.ui.model_choices import model_choices
from apps.ui.neutral_marks import neutral_marks
from apps.ui.page_blocks import PageBlocks
from apps.ui.rail import Rail, build_rail
from apps.ui.window_section import WindowSection
from playground.experiments.result import assets
from playground.labs import labs
from playground.models.engines.manager import ModelChoice
from playground.serving import Pool

_HERE = Path(__file__).parent
# In the head rather than through Gradio's `css`, which would rewrite every selector.
_STYLES = str(assets("css", *labs())) + "".join(
    path.read_text(encoding="utf-8") for path in sorted(_HERE.glob("*.css"))
)
_SCRIPTS = str(assets("js", *labs())) + "".join(
    path.read_text(encoding="utf-8") for path in sorted(_HERE.glob("*.js"))
)
HEAD = f"<style>{_STYLES}{neutral_marks()}</style><script>{_SCRIPTS}</script>"
FAVICON = _HERE / "favicon.svg"

# A file for download is looked at every hour, and goes when it is a day old.
_HOUR, _KEPT_HOURS = 3600, 24

GROUPS = ("Talk", "Concepts", "Trust", "More")
# What a generic section cannot serve: path of an experiment -> what makes its section.
SPECIAL: dict[str, Special] = {
    "context/cost": CostSection,
    "context/window": WindowSection,
    "models/catalog": CatalogSection,
    "models/memory": MemorySection,
    "neurons/digits": DigitsSection,
    "temperature/distribution": DistributionSection,
    "tokens/template": ConversationSection,
}


def build_ui(service: ChatService, start: ModelChoice, local: bool = True) -> gr.Blocks:
    """Lay out the page and connect it.

    Parameters
    ----------
    service : ChatService
        Behind the chat.
    start : ModelChoice
        What a new visitor gets.
    local : bool
        Whether this machine alone can reach the page.
    """
    blocks: gr.Blocks
    with PageBlocks(
        title="LLM Playground",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_HOUR, _KEPT_HOURS * _HOUR),
    ) as blocks:
        zones = _zones(service.pool, start)
        with zones.panels["chat"]:
            gr.HTML('<h1 class="unseen">Chat</h1>', elem_id="chat-head", js_on_load=None)
            chat = ChatTab(service, zones.rail, zones.badge, (zones.key, zones.seen))
        parts = Parts(service, service.pool, zones.rail, zones.key, local, zones.badge)
        panels = _lab_panels(zones, parts)
        visited = chat.wire(blocks)
        for panel in panels:
            panel.wire()
        linked = [section for panel in panels for section in panel.sections.values()]
        link = Link(linked, zones.rail, service.pool.settings, zones.notice)
        chat.load_after(link.wire(visited))
        _open_labs(zones.buttons, chat.prompt)
    return blocks


@dataclass(frozen=True)
class _Zones:
    """The page before its labs are in it."""

    key: gr.Textbox  # the browser's conversation key
    seen: gr.Textbox  # the state of the chat that the page shows
    buttons: dict[str, gr.Button]  # of the list of labs, by name
    badge: gr.HTML
    notice: gr.HTML  # what a link has wrong
    panels: dict[str, gr.Column]  # where each lab will stand, by name
    rail: Rail


def _zones(pool: Pool, start: ModelChoice) -> _Zones:
    """Lay out the three zones; the key comes first, then what is seen (`WITH_SEEN`)."""
    key = gr.Textbox(visible="hidden", elem_id="conversation-key", show_label=False)
    seen = gr.Textbox(visible="hidden", elem_id="seen-chat", show_label=False)
    gr.HTML(skip_links(), elem_id="skips", js_on_load=None)
    _topbar()
    with gr.Row(elem_id="zones"):
        with gr.Column(elem_id="labs"):
            buttons = _labs()
        # Gradio looks for a component from the first to the last, for every value of an event and
        # twice for every input: the run settings, which most events read, stand before all labs.
        # The page's script puts the rail behind them, where its keys are expected.
        with gr.Column(elem_id="rail"):
            gr.HTML(_OTHERS, elem_id="rail-others", js_on_load=None)
            choices = model_choices(pool.settings, start.reference)
            rail = build_rail(choices, start, pool.settings.moderation)
        with gr.Column(elem_id="work"):
            badge = gr.HTML(render_badge(pool, start), elem_id="badge", js_on_load=None)
            notice = gr.HTML("", elem_id="link-notice", js_on_load=None)
            panels = {
                name: gr.Column(elem_id=f"panel-{name}", elem_classes="lab-panel")
                for name in ("chat", *_names())
            }
    return _Zones(key, seen, buttons, badge, notice, panels, rail)


def _lab_panels(zones: _Zones, parts: Parts) -> list[LabPanel]:
    """Lay out every lab."""
    made = []
    for lab in labs().values():
        with zones.panels[lab.name]:
            made.append(LabPanel(lab, parts, SPECIAL))
    return made


def _listed() -> dict[str, tuple[str, str]]:
    """Return group and words of every lab, in the order of the list."""
    return {lab.name: (lab.group, lab.button) for lab in labs().values()}


def _names() -> tuple[str, ...]:
    return tuple(_listed())


def _topbar() -> None:
    """Draw what a narrow page has instead of its sides."""
    with gr.Row(elem_id="topbar"):
        gr.Button("Labs", elem_id="open-labs", size="sm").click(
            None, js="() => playgroundToggle('labs')"
        )
        gr.HTML("<b>LLM Playground</b>", js_on_load=None)
        gr.Button("Settings", elem_id="open-rail", size="sm").click(
            None, js="() => playgroundToggle('rail')"
        )


def _labs() -> dict[str, gr.Button]:
    """Draw the list of labs and return their buttons by name."""
    gr.HTML('<p class="brand">LLM Playground</p>', js_on_load=None)
    buttons = {}
    listed = {"chat": ("Talk", "Chat"), **_listed()}
    for group in GROUPS:
        members = {name: words for name, (here, words) in listed.items() if here == group}
        if members:
            gr.HTML(f'<p class="group">{group}</p>', js_on_load=None)
        for name, words in members.items():
            buttons[name] = gr.Button(words, elem_id=f"lab-{name}", elem_classes="lab")
    gr.HTML(_THEME_SWITCH + keys_button(), elem_id="theme", js_on_load=None)
    gr.HTML(keys_list(), elem_id="keys", js_on_load=None)
    return buttons


def _open_labs(buttons: dict[str, gr.Button], prompt: gr.Textbox) -> None:
    """Let each button open its lab; the chat takes the text that travels as the labs do."""
    for name, button in buttons.items():
        button.click(None, js=f"() => playgroundLab('{name}', true)")
    travel = "(...values) => playgroundTravel('chat', values, [])"
    buttons["chat"].click(None, prompt, prompt, js=travel, **QUIET)


_OTHERS = (
    '<p class="hint some">Only what counts for this experiment stands here. All other run settings '
    "are the chat's and change nothing in it.</p>"
    '<p class="hint none">No run setting counts for this experiment: it asks no chat model.</p>'
)
_THEME_SWITCH = (
    '<div class="theme" role="group" aria-label="Colours">'
    + "".join(
        f'<button type="button" data-theme="{name}" onclick="playgroundTheme(\'{name}\')">'
        f"{name.capitalize()}</button>"
        for name in ("system", "light", "dark")
    )
    + "</div>"
)
