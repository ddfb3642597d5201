"""The theme: warm paper and deep ink, one accent, system fonts, hairlines."""

from __future__ import annotations

import gradio as gr

SYSTEM_FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Cascadia Mono", "Menlo", "DejaVu Sans Mono", "monospace"]

_TEAL = gr.themes.Color(
    c50="#ecf5f3",
    c100="#d3e9e5",
    c200="#a7d3cb",
    c300="#6fb8ad",
    c400="#2dd4bf",
    c500="#148f84",
    c600="#0f766e",
    c700="#0c5f59",
    c800="#0a4b46",
    c900="#083a37",
    c950="#052623",
)
_STONE = gr.themes.Color(
    c50="#fbfaf7",
    c100="#f3f1ec",
    c200="#e7e4dc",
    c300="#d5d1c6",
    c400="#98a2b3",
    c500="#667085",
    c600="#4d5666",
    c700="#2b3137",
    c800="#1b1f23",
    c900="#14171a",
    c950="#0e1113",
)


# Gradio's names; `_dark` is the same in the dark.
_COLOURS_AND_SIZES = {
    "body_background_fill": "#fbfaf7",
    "body_background_fill_dark": "#14171a",
    "body_text_color": "#1d2126",
    "body_text_color_dark": "#e8e6e1",
    "link_text_color": "#0f766e",
    "link_text_color_dark": "#2dd4bf",
    "link_text_color_hover": "#0c5f59",
    "link_text_color_hover_dark": "#5eead4",
    "link_text_color_visited": "#0f766e",
    "link_text_color_visited_dark": "#2dd4bf",
    "body_text_color_subdued": "#5b6474",
    "body_text_color_subdued_dark": "#98a2b3",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "#1b1f23",
    "background_fill_secondary": "#fbfaf7",
    "background_fill_secondary_dark": "#14171a",
    "border_color_primary": "#e7e4dc",
    "border_color_primary_dark": "#2b3137",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_label_background_fill": "transparent",
    "block_info_text_size": "12px",
    "block_info_text_color": "#5b6474",
    "block_info_text_color_dark": "#98a2b3",
    "block_title_text_size": "13px",
    "block_title_text_color": "#5b6474",
    "block_title_text_color_dark": "#98a2b3",
    "block_padding": "0px",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "#1b1f23",
    "input_border_color": "#e7e4dc",
    "input_border_color_dark": "#2b3137",
    "input_border_color_focus": "#0f766e",
    "input_border_color_focus_dark": "#2dd4bf",
    "input_border_width": "1px",
    "input_radius": "8px",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    # The edge of an empty radio or checkbox stands out by 3 to 1 at least (WCAG 2.2, 1.4.11).
    "checkbox_border_color": "#7b8494",
    "checkbox_border_color_dark": "#98a2b3",
    "checkbox_border_color_focus": "#0f766e",
    "checkbox_border_color_focus_dark": "#2dd4bf",
    "checkbox_border_color_selected": "#0f766e",
    "checkbox_border_color_selected_dark": "#148f84",
    "checkbox_background_color_selected": "#0f766e",
    "checkbox_background_color_selected_dark": "#148f84",
    "slider_color": "#0f766e",
    "slider_color_dark": "#2dd4bf",
    "button_primary_background_fill": "#0f766e",
    "button_primary_background_fill_hover": "#0c5f59",
    "button_primary_background_fill_dark": "#2dd4bf",
    "button_primary_background_fill_hover_dark": "#5eead4",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#08211f",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_dark": "#1b1f23",
    "button_secondary_border_color": "#e7e4dc",
    "button_secondary_border_color_dark": "#2b3137",
    "button_border_width": "1px",
    "button_large_radius": "8px",
    "button_medium_radius": "8px",
    "button_small_radius": "8px",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
}


class PlaygroundTheme(gr.themes.Base):
    """`gr.themes.Base` in the playground's colours; no font is fetched."""

    def __init__(self) -> None:
        super().__init__(
            primary_hue=_TEAL,
            secondary_hue=_TEAL,
            neutral_hue=_STONE,
            font=[*SYSTEM_FONTS],
            font_mono=[*MONO_FONTS],
            radius_size=gr.themes.sizes.radius_md,
            text_size=gr.themes.sizes.text_md,
        )
        self.name = "playground"
        self.set(**_COLOURS_AND_SIZES)
