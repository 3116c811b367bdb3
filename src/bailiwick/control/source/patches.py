"""Some files of an app that are new or changed, and some that go: what an agent sends instead of everything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bailiwick.core.artifacts import TreeFile
from bailiwick.core.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class NewContent:
    """What a file holds from now on; where `executable` is None it stays what it was."""

    content: bytes
    executable: bool | None = None


@dataclass(frozen=True)
class Patch:
    """Files by path, and the paths that are taken out."""

    files: Mapping[str, NewContent]
    removed: Sequence[str] = ()

    def on(self, before: Sequence[TreeFile]) -> list[TreeFile]:
        """Return all files once this is on top of others.

        Raises `InvalidInputError` when it takes out what is not there, or what it also brings.
        """
        files = {file.path: file for file in before}
        for path in self.removed:
            if path in self.files or files.pop(path, None) is None:
                why = "it is among the files too" if path in self.files else "there is no such file"
                raise InvalidInputError(f"'{path[:120]}' cannot be taken out: {why}", hint="name files, not folders")
        for path, new in self.files.items():
            was = files.get(path)
            executable = was is not None and was.executable if new.executable is None else new.executable
            files[path] = TreeFile(path, new.content, executable)
        return list(files.values())
