"""Guards of the engine `claude`: what prompts contain, and what a page takes from an answer."""

from typing import Final

from tests.sabotage.guard import Sabotage

DRAFTS: Final = "tests/unit/claude/lessons/test_drafts.py"
ENGINE: Final = "tests/unit/claude/lessons/test_engine.py"
EXERCISES: Final = "tests/unit/claude/lessons/test_exercises.py"
MAP: Final = "tests/unit/claude/lessons/test_source_map.py"
PROMPTS: Final = "tests/unit/claude/lessons/test_prompts.py"
SECRETS: Final = "tests/unit/claude/lessons/test_secrets.py"
VERIFIER: Final = "tests/unit/claude/lessons/test_verifier.py"
SENTENCE: Final = f"{VERIFIER}::test_a_false_claim_in_a_sentence_is_noticed"
PAGE: Final = f"{VERIFIER}::test_a_false_claim_of_a_page_is_noticed"
WRITER: Final = "tests/unit/claude/lessons/test_writer.py"
FAULTY_DRAWING: Final = f"{WRITER}::test_a_faulty_drawing_is_left_out_and_named"


def _unchecked(
    guard: str, expression: str, new: str = "False", *, test: str = SENTENCE
) -> Sabotage:
    return Sabotage(
        guard=f"verifier: {guard}",
        expression=expression,
        new=new,
        tests=(test,),
    )


LESSONS: Final = (
    Sabotage(
        guard="prompts: a file of secrets is not sent as a diff either",
        expression="is_secret_file(path)",
        new="False",
        tests=("tests/unit/claude/lessons/test_earlier.py",),
    ),
    Sabotage(
        guard="prompts: secrets are not sent",
        expression="is_inside or begins",
        new="False",
        tests=(SECRETS,),
    ),
    Sabotage(
        guard="prompts: text of the repository cannot end its fence",
        new="pass",
        tests=(PROMPTS,),
    ),
    Sabotage(
        guard="answers: only lines that were shown can be pointed at",
        expression="is_blank",
        new="True",
        tests=(WRITER,),
    ),
    Sabotage(
        guard="answers: a huge text is not examined",
        expression="len(value) > LONGEST",
        new="False",
        tests=(WRITER,),
    ),
    Sabotage(
        guard="answers: huge code is not parsed",
        expression="len(text) <= LONGEST",
        new="True",
        tests=(f"{WRITER}::test_only_code_that_is_not_huge_gives_names",),
    ),
    Sabotage(
        guard="pages: a block with a fault is left out",
        expression="not reasons",
        new="True",
        tests=(f"{WRITER}::test_a_block_with_a_fault_is_left_out_and_named",),
    ),
    Sabotage(
        guard="pages: an exercise goes with the one whose program it changes",
        expression="is_broken and not exercise.is_alone(files)",
        new="False",
        tests=(
            f"{DRAFTS}::test_an_exercise_without_its_program_goes_with_those_that_change_it",
        ),
    ),
    Sabotage(
        guard="pages: an exercise without its program is left out",
        expression="task_.lacks_code",
        new="False",
        tests=(
            f"{DRAFTS}::test_an_exercise_without_its_program_goes_with_those_that_change_it",
        ),
    ),
    Sabotage(
        guard="pages: an exercise names only files that the reader has saved",
        expression="missing",
        new="False",
        tests=(EXERCISES,),
    ),
    Sabotage(
        guard="pages: an example is not saved over a file of the project",
        expression="name in facts.analysis.files",
        new="False",
        tests=(WRITER,),
    ),
    Sabotage(
        guard="pages: a change is told by a test that exists",
        expression="test in commands",
        new="True",
        tests=(EXERCISES,),
    ),
    Sabotage(
        guard="pages: each box of a drawing has its own id",
        expression="ids.count(node.id) > 1",
        new="False",
        tests=(FAULTY_DRAWING,),
    ),
    Sabotage(
        guard="pages: an arrow leads from one box to another",
        expression="end not in ids",
        new="False",
        tests=(FAULTY_DRAWING,),
    ),
    Sabotage(
        guard="pages: an arrow that names code says what it rests on",
        expression="arrow.sources",
        new="True",
        tests=(FAULTY_DRAWING,),
    ),
    Sabotage(
        guard="pages: a drawing rests on the source",
        expression="block.sources",
        new="True",
        tests=(FAULTY_DRAWING,),
    ),
    Sabotage(
        guard="pages: a chapter has at most one drawing, a tutorial none",
        expression="self._drawings < 1",
        new="False",
        tests=(f"{WRITER}::test_a_page_has_the_drawings_that_it_may_have",),
    ),
    Sabotage(
        guard="pages: a map names only places of the list, each once",
        expression="path not in known or path in texts",
        new="False",
        tests=(f"{MAP}::test_a_wrong_entry_of_a_map_is_left_out_and_named",),
    ),
    Sabotage(
        guard="pages: the sentences of a map are checked as prose is",
        expression="wrong",
        new="False",
        tests=(f"{MAP}::test_a_wrong_entry_of_a_map_is_left_out_and_named",),
    ),
    Sabotage(
        guard="fallbacks: a page on which too little is left is not published",
        expression="_prose_length(parts) >= _LEAST",
        new="True",
        tests=(
            f"{DRAFTS}::test_a_chapter_with_too_little_prose_is_not_published",
        ),
    ),
    Sabotage(
        guard="fallbacks: one is recorded before its item is made",
        new="pass",
        tests=(
            f"{ENGINE}::test_bad_answers_of_one_chapter_leave_the_static_page_with_a_mark",
        ),
    ),
    Sabotage(
        guard="fallbacks: a review does not take a page's mark away",
        expression="block in self._marks",
        new="False",
        tests=(DRAFTS,),
    ),
    Sabotage(
        guard="fallbacks: a course is not made without the model",
        expression="len(tasks) > max(1, whole // _SHARE)",
        new="False",
        tests=(f"{ENGINE}::test_too_many_fallbacks_end_the_stage",),
    ),
    _unchecked(
        "an arrow must be a relation of the source",
        "arrow not in self._relations",
        test=PAGE,
    ),
    _unchecked(
        "a message must be a call of the source",
        "message not in self._calls",
        test=PAGE,
    ),
    _unchecked(
        "the texts of a drawing are checked as prose is",
        "composed.sentences(code)",
        "()",
        test=PAGE,
    ),
    _unchecked(
        "an arrow leads from one box to another",
        "arrow.source == arrow.target",
        test=PAGE,
    ),
    _unchecked(
        "the boxes of a drawing are connected",
        "_are_connected(texts, pairs)",
        "True",
        test=PAGE,
    ),
    _unchecked(
        "a drawing is neither too small nor too large",
        "count not in allowed",
        test=PAGE,
    ),
    _unchecked(
        "the texts of a drawing are short",
        "length > longest",
        test=PAGE,
    ),
    _unchecked(
        "the places of a drawing are below it",
        "_are_places(block)",
        "True",
        test=PAGE,
    ),
    _unchecked(
        "a page has at most one drawing",
        "count > 1",
        test=PAGE,
    ),
    _unchecked(
        "excerpts, places and links must be the source's",
        "not is_written",
        test=PAGE,
    ),
    _unchecked(
        "a model does not talk of itself", "_LEFTOVER.search(bare)", "None"
    ),
    _unchecked(
        "a link's words must be those of its page",
        "text not in titles",
        test=PAGE,
    ),
    _unchecked(
        "a source must hold what it is the source of",
        "self._is_beside(place, names)",
        test=PAGE,
    ),
    _unchecked(
        "a command must be one of the project's",
        "self._is_command(command)",
        "True",
    ),
    _unchecked(
        "a flag must be in the repository", "flag not in self._names.flags"
    ),
    _unchecked(
        "an environment variable must be in the repository",
        "name not in self._names.words",
    ),
    _unchecked(
        "a path must exist",
        "part in f'/{known}/'",
        "True",
    ),
    _unchecked(
        "the head of a definition must be the source's",
        "self._names.has_code(head, name)",
        "True",
    ),
    _unchecked(
        "an imported name must be in its module",
        "self._names.hold(files, name)",
        "True",
    ),
    _unchecked("a name must be in the source", "name not in self._names.words"),
    _unchecked(
        "a call must fit the signature",
        "fitting",
        "True",
    ),
    _unchecked(
        "an example must run as it stands",
        "_reasons_not_to_run(code, tree)",
        "[]",
    ),
    _unchecked(
        "what a sentence says of two names must be so",
        "is_so(subject, target)",
        "True",
    ),
)
