"""Meaning as places: the vectors of tokens, of words in context, and of sentences."""

from playground.experiments.experiment import Experiment, Lab, Needs
from playground.labs.embeddings import (
    analogies,
    analogies_view,
    arithmetic,
    arithmetic_view,
    layers,
    layers_view,
    neighbours,
    neighbours_view,
    sentences,
    sentences_view,
    word_map,
    word_map_view,
)
from playground.labs.embeddings.encoder import about_encoder

LAB = Lab(
    name="embeddings",
    title="Embeddings",
    rank=25,
    idea=(
        "To a model every token is a list of numbers, a vector. What is alike lies close together."
    ),
    experiments=(
        Experiment(
            path="embeddings/neighbours",
            title="Neighbours",
            idea=(
                "Every token has one row in the table of the model, its vector. Tokens that are "
                "used alike have vectors that point the same way."
            ),
            settings=neighbours.NeighboursSettings,
            function=neighbours.run_neighbours,
            view=neighbours_view.draw,
            action="Find",
            empty="Press Find: the tokens nearest to the word will stand here.",
            tables={"neighbours.csv": neighbours_view.to_csv},
        ),
        Experiment(
            path="embeddings/arithmetic",
            title="Arithmetic",
            idea=(
                "If the way from man to woman is the way from king to queen, king - man + woman "
                "comes out near queen."
            ),
            settings=arithmetic.ArithmeticSettings,
            function=arithmetic.run_arithmetic,
            view=arithmetic_view.draw,
            action="Work it out",
            empty="Press Work it out: what the sum is nearest to will stand here.",
            tables={"sum.csv": arithmetic_view.to_csv},
            intro=arithmetic_view.examples(),
        ),
        Experiment(
            path="embeddings/analogies",
            title="Analogies",
            idea=(
                "How often do such sums come out right over the questions that ship, and how "
                "often without any sum? Much of it is won by leaving out the question's words."
            ),
            settings=analogies.AnalogiesSettings,
            function=analogies.run_analogies,
            view=analogies_view.draw,
            action=f"Try {len(analogies.read_questions())} analogies",
            empty="How often sums come out right will stand here, relation by relation.",
        ),
        Experiment(
            path="embeddings/map",
            title="Map",
            idea=(
                "A vector has hundreds of numbers, a picture two. PCA takes the two directions in "
                "which the words differ most, and leaves out the rest."
            ),
            settings=word_map.MapSettings,
            function=word_map.run_map,
            view=word_map_view.draw,
            action="Draw",
            empty="Press Draw: the words will stand here, those that are alike together.",
            tables={"words.csv": word_map_view.to_csv},
        ),
        Experiment(
            path="embeddings/layers",
            title="Through the layers",
            idea=(
                "In the table a word has one vector. Layer by layer it takes in what stands "
                "before it: follow one word through the layers in sentences that mean different "
                "things by it."
            ),
            settings=layers.LayersSettings,
            function=layers.run_layers,
            view=layers_view.draw,
            action="Follow",
            empty="Press Follow: the word will be drawn here, layer by layer.",
            tables={"layers.csv": layers_view.to_csv},
        ),
        Experiment(
            path="embeddings/sentences",
            title="Sentences",
            idea=(
                "A chat model has a vector for every token, none for a sentence. A small encoder, "
                f"{about_encoder()}, was trained to give one to each sentence, so that like "
                "meanings lie close, whatever the words. It is fetched once, when it is first used."
            ),
            settings=sentences.SentencesSettings,
            function=sentences.run_sentences,
            view=sentences_view.draw,
            needs=Needs.NOTHING,
            action="Compare and search",
            empty="Press the button: how alike your lines are will stand here.",
            tables={"sentences.csv": sentences_view.to_csv},
        ),
    ),
)
