"""With the real model: each column of a strip is what the same settings write alone."""

from __future__ import annotations

from playground.generation.language_model import LanguageModel
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.strip import plan_columns, write_strip
from playground.models.acquire.store import InstalledModel
from playground.models.engines.choice import load_engine
from playground.models.engines.precision import Precision

PROMPT = "The best thing about rain is"


def test_every_column_equals_plain_sampling_with_its_seed(default_model: InstalledModel) -> None:
    engine = load_engine(default_model, Precision.INT8)
    settings = SamplingSettings(seed=11, max_new_tokens=8)
    columns = plan_columns([0, 0.6, 1, 1.7], 2, settings)
    prompt_ids = engine.tokenizer.encode_text_prompt(PROMPT)
    model = LanguageModel(engine)
    *_, strip = write_strip(model, prompt_ids, columns)
    for column, written in zip(columns, strip, strict=True):
        alone = model.generate(PROMPT, **column.settings.as_dict())
        assert written.reply.text == alone.text
        assert [step.choice for step in written.reply.steps] == [
            step.choice for step in alone.steps
        ]
