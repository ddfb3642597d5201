"""A conversation to look at while there is none: a beekeeper and a model."""

from __future__ import annotations

from playground.models.text.tokenizer import Message

# Long enough that a small window overflows.
EXAMPLE = (
    Message("user", "Hello! My name is Ada, and I keep bees on the roof of a school."),
    Message("assistant", "Hello Ada! Bees on a school roof: do the pupils help you?"),
    Message(
        "user",
        "They do. On Mondays they weigh the hives, and on Fridays they write down which flowers "
        "are out. In May it is mostly lime trees.",
    ),
    Message(
        "assistant",
        "Weighing the hives is a good habit: the weight shows how much honey comes in, and when a "
        "swarm has left. Lime honey is pale and tastes a little of mint.",
    ),
    Message("user", "How much honey does one hive give in a year?"),
    Message(
        "assistant",
        "That depends on the place and the weather. Ten to thirty kilograms that can be taken is "
        "common; the bees need about as much for themselves to live through the winter.",
    ),
    Message("user", "And what should I do before the winter comes?"),
    Message(
        "assistant",
        "Feed them sugar syrup in August, treat them against mites, make the entrance narrow so "
        "that mice stay out, and then leave them alone. A hive that is opened in the cold loses "
        "the warmth the bees have made.",
    ),
)
