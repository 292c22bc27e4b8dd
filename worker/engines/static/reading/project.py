"""What a repository says of itself: its name, and what it is for in one sentence."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, takewhile
from posixpath import basename, split
from typing import Final

from worker.engines.static.choosing.encounters import readmes
from worker.engines.static.facts import Files, Project, Role, Texts
from worker.engines.static.prose.docstrings import first_sentence, sentences
from worker.engines.static.prose.phrases import sentence
from worker.engines.static.reading.documents import plain
from worker.engines.static.reading.manifests import PackageManifest, manifests
from worker.engines.static.reading.readme import (
    Readme,
    example,
    installing,
    read_readme,
    word_count,
)
from worker.engines.static.reading.roles import is_readme

UNNAMED: Final = "This repository"
"""The name of a project that has none in its files."""
_MOST_NAME: Final = 80
_FEWEST_WORDS: Final = 3
"""A description of fewer words is a slogan, or a button."""
_MOST_CHARACTERS: Final = 260
"""A longer sentence says more than what a project is."""
_VERB: Final = (
    r"(?:is|are|provides?|implements?|lets|allows|enables|helps|gives|makes|offers|adds|brings"
    r"|contains|generates|"
    r"turns|converts|manages|handles|keeps|parses|builds|runs|reads|writes|checks|supports"
    r"|consists|collects)\b"
)
_PRONOUN: Final = re.compile(
    r"this is an? |(?:this|the) (?:[\w-]+ ){0,2}?(?:package|library|module|project|crate|gem"
    r"|plugin|tool|framework|app"
    r"|application|extension|program|collection|repository|repo|toolkit|sdk|client|server) "
    + _VERB,
    re.IGNORECASE,
)
_DEFINING: Final = re.compile(r"\s*(?:\([^)]*\)\s*|,[^,.]{1,60},\s*)?" + _VERB)
_COPULA: Final = re.compile(
    r"\s*(?:\([^)]*\)\s*|,[^,.]{1,60},\s*)?(?:is|are) (?:an?|the|one of)\b"
)
_SUBJECT: Final = re.compile(
    r"(?!(?:This|That|It|Here|There|What|Below|Above) )([A-Za-z][\w.+#/-]*) is an? "
)
_NEWS: Final = re.compile(
    r"\b(?:sponsor|donat|patreon|backers?\b|funding|hiring|survey\b|announc|deprecated"
    r"|unmaintained|no longer"
    r"|archived|(?:has|have|is|was|been) moved|(?:is|are) (?:now|currently|still|no|not)\b"
    r"|new version|monorepo|todo\b"
    r"|badge|build status|coverage status|table of contents|licen[cs]ed? |copyright|all rights"
    r"|this (?:branch|readme|document|file|page"
    r"|is the (?:branch|readme|repo|source|official|git|main|development))"
    r"|(?:is|are) (?:mostly |entirely )?written (?:in|by)\b"
    r"|bootstrapped with|authored by|distributed under|out of the box\.?$"
    r"|looking for|thank|please|welcome to|follow us|join (?:us|our)|star (?:us|this)"
    r"|pull requests?|(?:is|are) (?:available|released|published|hosted|maintained)\b"
    r"|(?:has|have) \d)",
    re.IGNORECASE,
)
"""Words of announcements, of calls for help, and of sentences about the repository."""
_NO_OPENING: Final = re.compile(
    r"(?:(?:to )?(?:install|build|use|get|run|download|learn|start)|npm|pip|yarn"
    r"|go (?:get|install)|cargo|note|warning|"
    r"important|see|for|if|click|read|check|visit|documentation|docs|by|you|we|i|when|before"
    r"|after|here|there|current|"
    r"this|below|above|these|those|the following|an? (?:\S+ ){0,4}project\W*$|"
    r"latest|version|new|requires?|supports?|author|contents?|features?|http\S*|\d)\b|\W*$",
    re.IGNORECASE,
)
"""How a sentence begins that does not say what a project is."""
_MOST_WORDS: Final = 5
"""Words of a project's name."""
_READ_FIRST: Final = re.compile(
    r"(?i)(?:readme|install|index|intro|quick.?start|getting.?started)[^/]*$"
)
"""Documents that say how a project is installed."""
_FEWEST_NEW: Final = 4
"""Words of a sentence that the tagline does not have."""
_LONGEST_OPENING: Final = 2
"""Paragraphs."""
_MOST_SENTENCES: Final = 3
_ASIDE: Final = re.compile(
    r"(?i:\b(?:here|see|below|above|following|visit|downloads|most popular|used (?:in|by) many"
    r"|this list|available)\b)"
    r"|https?:|\(\s*\)|^(?:[a-z.]|Follow|Ask|Q&A|Try)"
)
"""Praise, and a sentence that points at something else on its page."""


def describe(
    files: Files,
    texts: Texts,
) -> Project:
    """Read the README, the manifests, and what the code's entrance says."""
    path = _top_readme(files, texts)
    readme = Readme("", ())
    if path is not None:
        readme = read_readme(files[path].language, texts[path])
    packages = list(manifests(texts))
    name = _name(packages, readme)
    known = [name, readme.title, *(package.name for package in packages)]
    entrance = _entrances(files, known)
    tagline = next(_taglines(readme.paragraphs, known, packages, entrance), "")
    whole = _whole(tagline, known)
    names = [basename(name).lower() for name in known if name]
    return Project(
        name=name,
        tagline=whole,
        readme=path,
        opening=_opening(readme.paragraphs, tagline, whole),
        features=readme.features,
        install=next(_installing(files, texts, names), ""),
        example=example(texts.get(path or "", ""), names),
    )


def _opening(
    paragraphs: Sequence[str],
    tagline: str,
    whole: str,
) -> tuple[str, ...]:
    """Return what a README says first; the tagline is in its paragraph, or before all."""
    first = [whole]
    others: list[str] = []
    for paragraph in paragraphs:
        told = sentences(paragraph)
        is_tagline = tagline in told
        if is_tagline:
            told = told[told.index(tagline) + 1 :]
        kept = list(takewhile(partial(_adds, tagline), told))
        text = " ".join(kept[:_MOST_SENTENCES])
        if is_tagline:
            first.append(text)
            others = []
        elif _PRONOUN.match(text) or not _NO_OPENING.match(text):
            others.append(text)
    opening = " ".join(first).strip()
    return tuple(filter(None, [opening, *others]))[:_LONGEST_OPENING]


def _adds(tagline: str, statement: str) -> bool:
    """Whether a sentence says more of a project than its tagline, and nothing of the repository."""
    words = statement.casefold().split()
    old = tagline.casefold().split()
    new = set(words).difference(old)
    is_new = len(new) >= _FEWEST_NEW and _is_usable(statement)
    is_aside = _NEWS.search(statement) or _ASIDE.search(statement)
    return is_new and not is_aside


def _installing(
    files: Files,
    texts: Texts,
    names: Sequence[str],
) -> Iterator[str]:
    """Yield how the README, or else a guide to begin with, installs a project."""
    paths = filter(_READ_FIRST.search, texts)
    for path in sorted(paths, key=is_readme, reverse=True):
        if files[path].role is Role.DOCUMENT:
            yield from installing(texts[path], names)


def _whole(tagline: str, names: Sequence[str]) -> str:
    """Return a sentence with a full stop, and a capital unless it begins with a name."""
    first_word = tagline.partition(" ")[0]
    whole = sentence(tagline)
    if first_word in names:
        return first_word + whole[len(first_word) :]
    return whole


def _top_readme(
    files: Files,
    texts: Texts,
) -> str | None:
    for path in readmes(files):
        if path in texts and path.count("/") <= 1:
            return path
    return None


def _name(packages: Sequence[PackageManifest], readme: Readme) -> str:
    """Return the name in the manifest, spelled as in the README where both agree."""
    names = (package.name for package in packages if package.name)
    name = next(names, "")
    if not name or _normal(name) == _normal(readme.title):
        name = readme.title or name
    subject = name or _subject(readme)
    shown = plain(subject)
    return shown[:_MOST_NAME] or UNNAMED


def _subject(readme: Readme) -> str:
    """Return what the first paragraph says something is: `jq` of “jq is a processor”."""
    opening = ""
    if readme.paragraphs:
        opening = readme.paragraphs[0]
    match = _SUBJECT.match(opening)
    if match is not None:
        return match[1]
    return ""


def _taglines(
    paragraphs: Sequence[str],
    names: Sequence[str],
    packages: Sequence[PackageManifest],
    entrance: Sequence[str],
) -> Iterator[str]:
    """Yield sentences that say what the project is, the surest first."""
    subjects = frozenset(filter(None, map(_normal, names)))
    named = []
    acting = []
    openings = []
    for paragraph in paragraphs:
        for place, statement in enumerate(sentences(paragraph)[:2]):
            if not _is_usable(statement) or _NEWS.search(statement):
                continue
            if _follows(_COPULA, statement, subjects):
                named.append(statement)
            if _PRONOUN.match(statement) or _follows(
                _DEFINING, statement, subjects
            ):
                acting.append(statement)
            if place == 0 and not _NO_OPENING.match(statement):
                openings.append(statement)
    described = [_description(package.description) for package in packages]
    yield from named
    yield from filter(_is_usable, described)
    yield from chain(acting, entrance, openings)


def _is_usable(statement: str) -> bool:
    is_long_enough = (
        len(statement.split()) >= _FEWEST_WORDS
        or word_count(statement) >= _FEWEST_WORDS
    )
    is_whole = not statement.endswith((":", ",", ";"))
    return is_long_enough and is_whole and len(statement) <= _MOST_CHARACTERS


def _description(text: str) -> str:
    """Return a manifest's description, unless it is about the repository."""
    described = first_sentence(plain(text), _MOST_CHARACTERS)
    if _NEWS.search(described):
        return ""
    return described


def _follows(
    pattern: re.Pattern[str],
    statement: str,
    subjects: frozenset[str],
) -> bool:
    """Whether a statement is one about the project by its name."""
    words = statement.removeprefix("The ").split(" ")
    for count in range(1, min(len(words), _MOST_WORDS)):
        subject = " ".join(words[:count])
        if _normal(subject) in subjects:
            rest = " ".join(["", *words[count:]])
            return pattern.match(rest) is not None
    return False


def _entrances(
    files: Files,
    names: Sequence[str],
) -> list[str]:
    """Return what the packages of the project's name say they are."""
    subjects = frozenset(filter(None, map(_normal, names)))
    spoken = []
    for path, file in files.items():
        folder, name = split(path)
        is_entrance = (
            name == "__init__.py" and _normal(basename(folder)) in subjects
        ) or path in {"src/lib.rs", "lib.rs"}
        is_go = name.endswith(".go") and not folder
        if (is_go and file.doc.startswith("Package ")) or (
            is_entrance and file.doc
        ):
            spoken.append(first_sentence(file.doc, _MOST_CHARACTERS))
    return [
        plain(statement)
        for statement in spoken
        if _is_usable(statement) and not _NEWS.search(statement)
    ]


def _normal(name: str) -> str:
    """Return the letters and digits by which spellings of a name are compared."""
    path = name.rstrip("/").lower()
    last = basename(path)
    return re.sub(r"[\W_]|\.(?:js|py|rb|net)$", "", last)
