"""Leakward for Python: finds leaked secrets, and reads secrets from the manager that keeps them."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Literal, final

__version__: str

_Path = str | PathLike[str]

class LeakwardError(Exception):
    """Something did not work. The message is a sentence for people and holds no value."""

    kind: str
    """What: ``not-found``, ``deleted``, ``denied``, ``auth``, ``throttled``, ``transient``, ``deadline``,
    ``breaker-open``, ``closed``, ``forked``, ``field``, ``path``, ``usage``, ``set-up``, ``scan``, ``exec`` …"""

@final
class Scanner:
    """Looks for secrets. Made once (that compiles the rules), used from any thread as often as needed."""

    def __new__(
        cls,
        *,
        settings: _Path | None = None,
        rules: Sequence[str] = ...,
        only_rules: Sequence[str] = ...,
        without_rules: Sequence[str] = ...,
        exclude: Sequence[str] = ...,
        baseline: _Path | None = None,
        min_severity: Literal["low", "medium", "high", "critical"] | None = None,
        min_confidence: Literal["low", "medium", "high"] | None = None,
        max_file_size: int | None = None,
        inline_markers: bool = True,
        ignore_files: bool = True,
        threads: int | None = None,
        time_limit: float | None = None,
    ) -> Scanner: ...
    def scan_bytes(self, path: str, data: bytes) -> Scan:
        """Scans ``data`` under the name ``path``, which may be empty."""
    def scan_text(self, path: str, text: str) -> Scan: ...
    def scan_files(self, *paths: _Path) -> Scan:
        """Scans files and folders, as ``leakward scan`` does."""
    def scan_history(self, place: _Path = ...) -> Scan:
        """Scans the whole history of the git repository at ``place``, by default here."""
    def scan_staged(self, place: _Path = ...) -> Scan:
        """Scans what the next commit would add."""
    def scan_range(self, range: str, place: _Path = ...) -> Scan:
        """Scans what the commits of ``range`` (``main..HEAD``) bring."""

@final
class Scan:
    """What one scan found, skipped and missed."""

    @property
    def findings(self) -> list[Finding]: ...
    @property
    def suppressed(self) -> list[Finding]: ...
    @property
    def is_complete(self) -> bool:
        """Whether all was read. When not, "no findings" is said of the rest alone."""
    @property
    def gaps(self) -> list[tuple[str, str]]:
        """What could not be read, and why."""
    @property
    def skipped(self) -> list[tuple[str, int]]:
        """Reasons for which something was left out, and how often."""
    @property
    def notes(self) -> list[str]: ...
    @property
    def blobs(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def elapsed(self) -> float:
        """Seconds."""

@final
class Finding:
    """One leaked secret."""

    @property
    def rule(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def confidence(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def line(self) -> int:
        """From 1."""
    @property
    def column(self) -> int:
        """From 1, in characters."""
    @property
    def start(self) -> int:
        """First byte of the secret in what was scanned."""
    @property
    def end(self) -> int:
        """The byte after its last one."""
    @property
    def commit(self) -> str | None: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def masked(self) -> str:
        """The secret, masked: the form that may be shown."""
    def expose(self) -> bytes:
        """The secret itself."""

@final
class Client:
    """Reads secrets through a cache that refreshes itself, from any thread.

    Names are ``PATH`` or ``PATH#FIELD``. Without ``map_file`` and ``manager`` the usual variables (``VAULT_ADDR``,
    ``VAULT_TOKEN`` …) say which manager is asked. Times are in seconds: ``ttl`` 300, ``max_stale`` at most ``ttl``,
    ``timeout`` (of a read that finds nothing held) 2.
    """

    def __new__(
        cls,
        *,
        map_file: _Path | None = None,
        manager: Literal["vault", "aws", "azure", "gcp", "env"] | None = None,
        ttl: float | None = None,
        max_stale: float | None = None,
        timeout: float | None = None,
    ) -> Client: ...
    def get(self, name: str, *, refuse_stale: bool = False, timeout: float | None = None) -> Secret:
        """Reads a secret: at once when a usable value is held, however the manager fares."""
    def invalidate(self, name: str) -> None:
        """Says that the value held may be wrong: it is fetched anew."""
    def watch(self, name: str) -> Watch:
        """The version in force, then each that comes into force."""
    def exec(
        self,
        command: Sequence[_Path],
        variables: Mapping[str, str],
        *,
        on_change: str = "restart",
        wait: float = 30.0,
        grace: float = 10.0,
    ) -> Program:
        """Starts a program with secrets in its environment; ``on_change`` is ``restart``, ``nothing`` or a signal."""
    def close(self) -> None:
        """Gives leases back, wipes what is held and ends watches. Later reads fail with the kind ``closed``."""
    def __enter__(self) -> Client: ...
    def __exit__(self, *_exception: type[BaseException] | BaseException | TracebackType | None) -> None: ...

@final
class Secret:
    """A secret as it was read. What :meth:`expose` returns is a copy that Python keeps as long as it likes."""

    def expose(self) -> bytes: ...
    def expose_text(self) -> str: ...
    def field(self, name: str) -> Secret:
        """A field of a value that is a JSON object: ``password``, or ``db.users.0`` for nested ones."""
    @property
    def field_names(self) -> list[str]: ...
    @property
    def version(self) -> str: ...
    @property
    def is_fresh(self) -> bool: ...
    @property
    def stale_for(self) -> float | None:
        """For a stale value the seconds since it was brought or confirmed."""
    @property
    def stale_because(self) -> str | None: ...

@final
class Watch(Iterator[Secret]):
    """The changes of one secret; it ends when it or its client is closed. A slow reader gets the newest, not each."""

    def next(self, timeout: float | None = None) -> Secret | None:
        """The next version; ``None`` when it does not come within ``timeout`` seconds, or never will."""
    def close(self) -> None: ...
    def __iter__(self) -> Watch: ...
    def __next__(self) -> Secret: ...
    def __enter__(self) -> Watch: ...
    def __exit__(self, *_exception: type[BaseException] | BaseException | TracebackType | None) -> None: ...

@final
class Program:
    """A program that was started, or waits for its values. It gets none of this process's signals."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Its exit code, or 128 and the number of the signal that ended it; ``None`` if it runs on."""
    def signal(self, name: str) -> bool:
        """Sends it ``TERM``, ``HUP`` …; false when it is over."""
    def told(self) -> list[str]:
        """What has happened since this was last asked."""
