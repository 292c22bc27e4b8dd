"""Words of a course's language: the few that the program writes, and those that tell it apart.

A language that is not in the table gets the English words, and is not checked.
"""

import re
from dataclasses import dataclass
from typing import Final

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_FEW: Final = 12
"""Words of a text that is too short to tell its language."""
_CLEAR: Final = 4
"""Words of another language that make a text look like that language."""
_SCRIPT_SHARE: Final = 0.3
"""Of a text's letters, in languages with a script of their own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What the program itself writes on a page."""

    chapter: str = "Chapter"
    tutorial: str = "Tutorial"
    solution: str = "Solution"
    following: str = "Next"
    written: str = "Written for this page, not taken from the repository:"
    fallback: str = (
        "This page was made from the source code alone: the model's answer "
        "did not stand up to it."
    )
    unreviewed: str = (
        "This page was not reviewed: the model gave no usable answer."
    )

    @property
    def marks(self) -> tuple[str, ...]:
        """What a page says below its title if the model did not make or review it."""
        return self.fallback, self.unreviewed


ENGLISH: Final = Words()
_WORDS: Final = {
    "german": Words(
        chapter="Kapitel",
        tutorial="Übung",
        solution="Lösung",
        following="Weiter",
        written="Für diese Seite geschrieben, nicht aus dem Repository:",
        fallback="Diese Seite ist allein aus dem Quelltext gemacht: Die "
        "Antwort des Modells hielt der Prüfung nicht stand.",
        unreviewed="Diese Seite wurde nicht durchgesehen: Die Antwort des "
        "Modells war unbrauchbar.",
    ),
    "french": Words(
        chapter="Chapitre",
        tutorial="Exercice",
        solution="Solution",
        following="Suite",
        written="Écrit pour cette page, absent du dépôt :",
        fallback="Cette page vient du seul code source : la réponse du "
        "modèle n'a pas résisté à la vérification.",
        unreviewed="Cette page n'a pas été relue : la réponse du modèle "
        "était inutilisable.",
    ),
    "spanish": Words(
        chapter="Capítulo",
        tutorial="Práctica",
        solution="Solución",
        following="Siguiente",
        written="Escrito para esta página, no viene del repositorio:",
        fallback="Esta página procede solo del código fuente: la respuesta "
        "del modelo no superó la comprobación.",
        unreviewed="Esta página no se ha revisado: la respuesta del modelo "
        "no era utilizable.",
    ),
    "italian": Words(
        chapter="Capitolo",
        tutorial="Esercizio",
        solution="Soluzione",
        following="Avanti",
        written="Scritto per questa pagina, non viene dal repository:",
        fallback="Questa pagina nasce dal solo codice sorgente: la risposta "
        "del modello non ha superato la verifica.",
        unreviewed="Questa pagina non è stata riveduta: la risposta del "
        "modello era inutilizzabile.",
    ),
    "portuguese": Words(
        chapter="Capítulo",
        tutorial="Exercício",
        solution="Solução",
        following="A seguir",
        written="Escrito para esta página, não vem do repositório:",
        fallback="Esta página vem apenas do código-fonte: a resposta do "
        "modelo não passou na verificação.",
        unreviewed="Esta página não foi revista: a resposta do modelo era "
        "inutilizável.",
    ),
    "dutch": Words(
        chapter="Hoofdstuk",
        tutorial="Oefening",
        solution="Oplossing",
        following="Verder",
        written="Geschreven voor deze pagina, niet uit de repository:",
        fallback="Deze pagina komt alleen uit de broncode: het antwoord van "
        "het model doorstond de controle niet.",
        unreviewed="Deze pagina is niet nagekeken: het antwoord van het "
        "model was onbruikbaar.",
    ),
}
_NAMES: Final = {
    "deutsch": "german",
    "français": "french",
    "español": "spanish",
    "italiano": "italian",
    "português": "portuguese",
    "nederlands": "dutch",
}
"""The languages' own names."""
_COMMON: Final = {
    "english": "the of and to is it that for with this which are be as by not from an at you",
    "german": "der die das und ist nicht ein eine zu den mit von sich auf dem für wird sie es im",
    "french": "le la les et est une des du que pour dans qui pas sur par avec ce il cette au",
    "spanish": "el la los las es una que de por con para del se no lo su como y más este",
    "italian": "il la che di una per con del non sono è gli della nel si lo questa come dei",
    "portuguese": "o os uma que de para com não por do da em se como é ao mais dos na",
    "dutch": "de het een van en is niet dat op te voor met zijn door wordt die aan ook bij",
}
"""The most frequent words of languages that share the Latin script."""
_SCRIPTS: Final = {
    "russian": r"[\u0400-\u04ff]",
    "ukrainian": r"[\u0400-\u04ff]",
    "greek": r"[\u0370-\u03ff]",
    "arabic": r"[\u0600-\u06ff]",
    "hebrew": r"[\u0590-\u05ff]",
    "hindi": r"[\u0900-\u097f]",
    "thai": r"[\u0e00-\u0e7f]",
    "korean": r"[\uac00-\ud7af]",
    "japanese": r"[\u3040-\u30ff\u4e00-\u9fff]",
    "chinese": r"[\u4e00-\u9fff]",
}
_ANY_SCRIPT: Final = re.compile("|".join(dict.fromkeys(_SCRIPTS.values())))


def words_of(language: str) -> Words:
    """Return the words of a language, or the English ones."""
    return _WORDS.get(_known_name(language), ENGLISH)


def _known_name(language: str) -> str:
    """Return a language's English name in lower case, without a region: `french (canada)`."""
    name = language.casefold().partition("(")[0].strip()
    return _NAMES.get(name, name)


def is_foreign(text: str, language: str) -> bool:
    """Tell whether a text is clearly written in another language."""
    name = _known_name(language)
    script = _SCRIPTS.get(name)
    if script is not None:
        return _lacks_script(text, re.compile(script))
    if name not in _COMMON:
        return False
    letters = sum(map(str.isalpha, text))
    if len(_ANY_SCRIPT.findall(text)) > _SCRIPT_SHARE * max(letters, 1):
        return True
    return _speaks_another(text, name)


def _lacks_script(text: str, script: re.Pattern[str]) -> bool:
    letters = sum(map(str.isalpha, text))
    if letters < _FEW * _CLEAR:
        return False
    return len(script.findall(text)) < _SCRIPT_SHARE * letters


def _speaks_another(text: str, name: str) -> bool:
    tokens = [token.casefold() for token in _LETTERS.findall(text)]
    if len(tokens) < _FEW:
        return False
    counts: dict[str, int] = {}
    for other, common in _COMMON.items():
        frequent = set(common.split())
        counts[other] = sum(token in frequent for token in tokens)
    own = counts.pop(name)
    most = max(counts.values())
    return most >= _CLEAR and most > 2 * own
