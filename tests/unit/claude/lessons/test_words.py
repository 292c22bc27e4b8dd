import pytest

from worker.engines.claude.words import ENGLISH, is_foreign, words_of

GERMAN = (
    "Der Schlüssel wird nicht mit dem Wert gespeichert, und das ist der Grund, "
    "warum sich eine Fälschung immer zeigt."
)
ENGLISH_TEXT = (
    "The key is not stored with the value, and that is the reason why a forgery "
    "shows at once in this place."
)
RUSSIAN = (
    "Ключ не хранится вместе "
    "со значением, и поэтому "  # noqa: RUF001
    "подделка сразу заметна."
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "English"),
        (ENGLISH_TEXT, "German"),
        (ENGLISH_TEXT, "Deutsch"),
        (RUSSIAN, "English"),
        (ENGLISH_TEXT, "Russian"),
        (ENGLISH_TEXT, "Japanese"),
    ],
)
def test_a_text_in_another_language_is_foreign(
    text: str, language: str
) -> None:
    assert is_foreign(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GERMAN, "German"),
        (ENGLISH_TEXT, "English"),
        (RUSSIAN, "Russian"),
        (GERMAN, "Klingon"),
        ("Signer sign unsign value key", "French"),
        ("", "Russian"),
    ],
)
def test_a_text_in_its_language_or_too_short_to_judge_is_not(
    text: str, language: str
) -> None:
    assert not is_foreign(text, language)


def test_a_language_without_words_gets_the_english_ones() -> None:
    assert words_of("Klingon") == ENGLISH
    assert words_of("Français (Canada)").chapter == "Chapitre"
