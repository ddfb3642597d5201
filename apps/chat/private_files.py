"""A folder a key, for its owner's eyes alone. A file is replaced whole and never written in place.

What the disk does not take is held in memory and tried again, so that nothing is lost while the
process lives. No path of this machine stands in what a person is told.
"""

from __future__ import annotations

import re
import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

from playground.errors import OptionError, StorageFailed
from playground.sentences import quoted

_KEY = re.compile(r"[0-9a-f]{32}")


class PrivateFiles:
    """The files of all keys.

    Calls for one key must not overlap, reading aside; see `apps.chat.key_locks`.

    Parameters
    ----------
    folder : Path
        Made when the first file is written; readable by its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, dict[str, bytes]] = {}
        self._refusals: dict[str, str] = {}

    def path(self, key: str, name: str) -> Path:
        """Return where a file lies.

        Raises
        ------
        OptionError
            When the key has not the form that a browser is given.
        """
        if not _KEY.fullmatch(key):
            raise OptionError(
                f"A conversation's key has 32 hexadecimal digits, got {quoted(key[:40])}."
            )
        return self._folder / key / name

    def refusal(self, key: str) -> str | None:
        """Return why files of a key could not be written, in the system's words, or None."""
        return self._refusals.get(key)

    def stamp(self, key: str, name: str) -> object:
        """Return what differs whenever the file is another; None when there is none."""
        path = self.path(key, name)
        if (held := self._held_file(key, name)) is not None:
            return held
        try:
            state = path.stat()
        except OSError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size

    def read(self, key: str, name: str) -> bytes | None:
        """Return a file's content, or None when there is none.

        Raises
        ------
        StorageFailed
            When there is one and the disk does not give it.
        """
        path = self.path(key, name)
        return held if (held := self._held_file(key, name)) is not None else read_file(path)

    def write(self, key: str, name: str, content: bytes) -> None:
        """Write a file, after those that the disk has refused; hold it while it is refused."""
        held = self._held.setdefault(key, {})
        held.pop(name, None)
        held[name] = content
        self.flush(key)

    def flush(self, key: str) -> bool:
        """Write what is held, in the order in which it came; return whether nothing is left."""
        held = self._held.get(key, {})
        try:
            for name in list(held):
                self._put(self.path(key, name), held[name])
                del held[name]
        except OSError as error:
            self._refusals[key] = error.strerror or type(error).__name__
            return False
        self._held.pop(key, None)
        self._refusals.pop(key, None)
        return True

    def changed(self, key: str, name: str) -> float:
        """Return when a file was last written, in seconds since 1970; now for one that is held."""
        path = self.path(key, name)
        if self._held_file(key, name) is not None:
            return time.time()
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    def remove_all(self, key: str) -> None:
        """Remove all files of a key, those set aside too; what cannot be removed takes room."""
        folder = self.path(key, "x").parent
        self._held.pop(key, None)
        self._refusals.pop(key, None)
        with suppress(OSError):
            shutil.rmtree(folder)

    def remove(self, key: str, name: str) -> None:
        """Remove a file; one that cannot be removed only takes room."""
        self._held.get(key, {}).pop(name, None)
        with suppress(OSError):
            self.path(key, name).unlink(missing_ok=True)

    def _held_file(self, key: str, name: str) -> bytes | None:
        return self._held.get(key, {}).get(name)

    def _put(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            part.touch(mode=0o600, exist_ok=False)
            part.write_bytes(content)
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def read_file(path: Path) -> bytes | None:
    """Return a file's content, or None when there is none.

    Raises
    ------
    StorageFailed
        When there is one and the disk does not give it.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageFailed(
            f"Your conversation cannot be read from the disk ({error.strerror}); nothing of it was "
            f"changed. Whoever runs this playground can see to the disk; then reload the page."
        ) from error


def set_aside(path: Path) -> None:
    """Give a broken file a name that nothing else ever has.

    Raises
    ------
    StorageFailed
        When the disk does not take the new name; the file stays where it is.
    """
    try:
        path.rename(path.with_name(f"{path.name}.{uuid.uuid4().hex}.broken"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFailed(
            f"Your conversation is broken on the disk and cannot be set aside ({error.strerror}); "
            f"nothing was changed. Whoever runs this playground can see to the disk."
        ) from error
