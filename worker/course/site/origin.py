"""The subject of a course: a commit of a repository, and how a reader gets it."""

import re
import shlex
from typing import Final, NamedTuple

from states.repository_url import full_url, short_name

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REMOTE: Final = "https://"
_SHORT: Final = 12
"""Digits of a commit that a sentence names."""


class Origin(NamedTuple):
    """A repository as it is named in a job, and the commit that its course is about."""

    repository: str
    commit: str | None

    @property
    def told(self) -> str:
        """The commit in a sentence, and the commands that clone it, as Markdown.

        Empty without a commit; without the URL of a git host there are no commands.
        """
        commit = self.commit or ""
        if not _COMMIT.fullmatch(commit):
            return ""
        sentence = f"This course is about commit `{commit[:_SHORT]}`"
        url = full_url(self.repository)
        if not url.startswith(_REMOTE):
            return f"{sentence} of the project."
        folder = short_name(self.repository)
        clone = shlex.join(["git", "clone", url, folder])
        commands = f"{clone}\ncd {folder}\ngit checkout {commit}"
        return (
            f"{sentence} of the project. Its line numbers and exercises fit "
            f"that commit; this gets it:\n\n```bash\n{commands}\n```"
        )
