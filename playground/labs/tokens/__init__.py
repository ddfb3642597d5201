"""How a text becomes tokens."""

from playground.experiments.experiment import Lab
from playground.labs.tokens import cutting_view, face_off_view, steps_view, template_view

LAB = Lab(
    name="tokens",
    title="Tokens",
    rank=20,
    idea=(
        "A model reads no letters and no words. It reads tokens: numbers, each of which stands for "
        "a piece of text that is common enough to have one."
    ),
    experiments=(
        cutting_view.CUTTING,
        steps_view.STEPS,
        face_off_view.FACE_OFF,
        template_view.TEMPLATE,
    ),
)
