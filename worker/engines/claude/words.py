"""Words of a course's language: those that the program writes, and those that identify it.

A language that is not in the table gets the English words, and is not checked.
"""

import re
from dataclasses import dataclass
from typing import Final

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_FEW: Final = 12
"""The fewest words of a text whose language can be identified."""
_CLEAR: Final = 4
"""How many words of another language make a text look like that language."""
_SCRIPT_SHARE: Final = 0.3
"""The share of a text's letters, in languages with their own script."""


MARK: Final = "✎ "
"""The beginning of the line above code that was written for the course."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """The texts that the program itself writes on a page."""

    chapter: str = "Chapter"
    tutorial: str = "Tutorial"
    solution: str = "Solution"
    following: str = "Next"
    written: str = "✎ Example"
    """Above code that is not taken from the repository."""
    saved_as: str = "saved as"
    """Before the path of such code if it has its own folder."""
    prints: str = "It prints"
    exercises: str = "Exercises"
    setup: str = "Set up"
    clone: str = (
        "Do this once: clone the repository, then type this in its folder."
    )
    release: str = "This course is about version {version}."
    needs: str = "You need {needs}."
    commit: str = "The commit that this course is about: {link}."
    contents: str = "Contents of the course"
    creates: str = "an environment for this project alone"
    activates: str = "do this in each new terminal, too"
    upgrades: str = "so that pip supports dependency groups"
    installs: str = "the project, and what its tests need"
    """The purposes of the commands that set up a Python project, in order."""
    saved: str = (
        "Save each program of the course in this folder, under the name "
        "above it. Run {name} like this."
    )
    tested: str = "Run one of the project's own tests like this."
    suite: str = "Run all of its tests like this."
    places: str = "Where things are"
    """The heading of the map of the source."""
    contributing: str = "How to contribute to the project"
    seen: str = "These lines appear in"
    change: str = "Change these lines of the project."
    instead: str = "✎ Instead"
    """Above lines that a reader puts in place of the project's."""
    predict: str = "Predict what this test will report, then run it."
    undo: str = "Undo the change."
    fallback: str = (
        "This page was made from the source code alone: the model's answer "
        "failed the checks."
    )
    unreviewed: str = (
        "This page was not reviewed: the model gave no usable answer."
    )

    @property
    def marks(self) -> tuple[str, ...]:
        """The notes below a page's title if the model did not make or review it."""
        return self.fallback, self.unreviewed


ENGLISH: Final = Words()
_WORDS: Final = {
    "german": Words(
        chapter="Kapitel",
        tutorial="Übung",
        solution="Lösung",
        following="Weiter",
        written="✎ Beispiel",
        saved_as="gespeichert als",
        prints="Es gibt aus",
        exercises="Aufgaben",
        setup="Einrichten",
        clone="Einmal zu tun: Klone das Repository und gib dies in "
        "seinem Ordner ein.",
        release="Dieser Kurs handelt von Version {version}.",
        needs="Du brauchst {needs}.",
        commit="Der Commit, um den es in diesem Kurs geht: {link}.",
        contents="Inhalt des Kurses",
        creates="eine Umgebung nur für dieses Projekt",
        activates="auch in jedem neuen Terminal",
        upgrades="damit pip Gruppen von Abhängigkeiten kennt",
        installs="das Projekt und was seine Tests brauchen",
        saved="Speichere jedes Programm des Kurses in diesem Ordner "
        "unter dem Namen, der darüber steht; {name} wird so gestartet.",
        tested="So startest du einen der Tests des Projekts.",
        suite="So startest du alle seine Tests.",
        places="Wo was zu finden ist",
        contributing="Wie man zum Projekt beiträgt",
        seen="Diese Zeilen stehen in",
        change="Ändere diese Zeilen des Projekts.",
        instead="✎ Stattdessen",
        predict="Sag voraus, was dieser Test ergibt, und starte ihn dann.",
        undo="Nimm die Änderung zurück.",
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
        written="✎ Exemple",
        saved_as="à enregistrer sous",
        prints="Il affiche",
        exercises="Exercices",
        setup="Préparer",
        clone="À faire une fois : clonez le dépôt et tapez ceci dans "
        "son dossier.",
        release="Ce cours porte sur la version {version}.",
        needs="Il vous faut {needs}.",
        commit="Le commit dont parle ce cours : {link}.",
        contents="Sommaire du cours",
        creates="un environnement pour ce seul projet",
        activates="à refaire dans chaque nouveau terminal",
        upgrades="pour un pip qui connaît les groupes de dépendances",
        installs="le projet et ce que ses tests demandent",
        saved="Enregistrez chaque programme du cours dans ce dossier, "
        "sous le nom qui le précède ; {name} se lance ainsi.",
        tested="Un des tests du projet se lance ainsi.",
        suite="Tous ses tests se lancent ainsi.",
        places="Où trouver quoi",
        contributing="Comment contribuer au projet",
        seen="Ces lignes figurent dans",
        change="Modifiez ces lignes du projet.",
        instead="✎ À la place",
        predict="Dites ce que ce test va donner, puis lancez-le.",
        undo="Annulez la modification.",
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
        written="✎ Ejemplo",
        saved_as="guardado como",
        prints="Imprime",
        exercises="Ejercicios",
        setup="Preparar",
        clone="Se hace una vez: clona el repositorio y escribe esto en "
        "su carpeta.",
        release="Este curso trata de la versión {version}.",
        needs="Necesitas {needs}.",
        commit="El commit del que trata este curso: {link}.",
        contents="Contenido del curso",
        creates="un entorno solo para este proyecto",
        activates="también en cada terminal nueva",
        upgrades="para que pip conozca los grupos de dependencias",
        installs="el proyecto y lo que necesitan sus pruebas",
        saved="Guarda cada programa del curso en esta carpeta, con el "
        "nombre que lleva encima; {name} se ejecuta así.",
        tested="Una de las pruebas del proyecto se ejecuta así.",
        suite="Todas sus pruebas se ejecutan así.",
        places="Dónde está cada cosa",
        contributing="Cómo contribuir al proyecto",
        seen="Estas líneas están en",
        change="Cambia estas líneas del proyecto.",
        instead="✎ En su lugar",
        predict="Di qué dará esta prueba y luego ejecútala.",
        undo="Deshaz el cambio.",
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
        written="✎ Esempio",
        saved_as="da salvare come",
        prints="Stampa",
        exercises="Esercizi",
        setup="Preparare",
        clone="Da fare una volta: clona il repository e scrivi questo "
        "nella sua cartella.",
        release="Questo corso tratta della versione {version}.",
        needs="Ti serve {needs}.",
        commit="Il commit di cui parla questo corso: {link}.",
        contents="Indice del corso",
        creates="un ambiente solo per questo progetto",
        activates="anche in ogni nuovo terminale",
        upgrades="per un pip che conosce i gruppi di dipendenze",
        installs="il progetto e ciò che serve ai suoi test",
        saved="Salva ogni programma del corso in questa cartella, con "
        "il nome che lo precede; {name} si avvia così.",
        tested="Uno dei test del progetto si avvia così.",
        suite="Tutti i suoi test si avviano così.",
        places="Dove si trova che cosa",
        contributing="Come contribuire al progetto",
        seen="Queste righe sono in",
        change="Cambia queste righe del progetto.",
        instead="✎ Al loro posto",
        predict="Di' che cosa darà questo test, poi eseguilo.",
        undo="Annulla la modifica.",
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
        written="✎ Exemplo",
        saved_as="guardado como",
        prints="Imprime",
        exercises="Exercícios",
        setup="Preparar",
        clone="Faz-se uma vez: clone o repositório e digite isto na sua pasta.",
        release="Este curso trata da versão {version}.",
        needs="Precisa de {needs}.",
        commit="O commit de que trata este curso: {link}.",
        contents="Índice do curso",
        creates="um ambiente só para este projeto",
        activates="também em cada novo terminal",
        upgrades="para que o pip conheça grupos de dependências",
        installs="o projeto e o que os testes precisam",
        saved="Guarde cada programa do curso nesta pasta, com o nome "
        "que o precede; {name} executa-se assim.",
        tested="Um dos testes do projeto executa-se assim.",
        suite="Todos os seus testes executam-se assim.",
        places="Onde está cada coisa",
        contributing="Como contribuir para o projeto",
        seen="Estas linhas estão em",
        change="Altere estas linhas do projeto.",
        instead="✎ Em vez disso",
        predict="Diga o que este teste vai dar e depois execute-o.",
        undo="Desfaça a alteração.",
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
        written="✎ Voorbeeld",
        saved_as="te bewaren als",
        prints="Het drukt af",
        exercises="Opgaven",
        setup="Voorbereiden",
        clone="Eenmalig: kloon de repository en typ dit in de map ervan.",
        release="Deze cursus gaat over versie {version}.",
        needs="Je hebt {needs} nodig.",
        commit="De commit waarover deze cursus gaat: {link}.",
        contents="Inhoud van de cursus",
        creates="een omgeving alleen voor dit project",
        activates="ook in elke nieuwe terminal",
        upgrades="zodat pip groepen van afhankelijkheden kent",
        installs="het project en wat de tests ervan nodig hebben",
        saved="Bewaar elk programma van de cursus in deze map, onder "
        "de naam erboven; {name} start je zo.",
        tested="Een van de tests van het project start je zo.",
        suite="Al zijn tests start je zo.",
        places="Waar wat te vinden is",
        contributing="Hoe je aan het project bijdraagt",
        seen="Deze regels staan in",
        change="Verander deze regels van het project.",
        instead="✎ In plaats daarvan",
        predict="Zeg wat deze test zal opleveren, en voer hem dan uit.",
        undo="Maak de wijziging ongedaan.",
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
    """Return a language's English name in lower case, without its region: `french (canada)`."""
    name = language.casefold().partition("(")[0].strip()
    return _NAMES.get(name, name)


def is_foreign(text: str, language: str) -> bool:
    """Whether a text is clearly in another language."""
    name = _known_name(language)
    script = _SCRIPTS.get(name)
    if script is not None:
        return _lacks_script(text, re.compile(script))
    if name not in _COMMON:
        return False
    letters = sum(map(str.isalpha, text))
    of_scripts = _ANY_SCRIPT.findall(text)
    most = _SCRIPT_SHARE * max(letters, 1)
    if len(of_scripts) > most:
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
