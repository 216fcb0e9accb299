"""How a command ends: in words, with an exit code that means something, and never in a traceback."""

import errno
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from activesci.errors import ActiveSciError, ActiveSciWarning

FULL = {errno.ENOSPC, errno.EDQUOT}
NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.ENAMETOOLONG}


class Ending(click.ClickException):
    """The end of a command that did not go to its end: a message on stderr and an exit code."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message."""
        click.echo(f"activesci: {self.format_message()}", file=file or sys.stderr)


class Fault(Ending):
    """What should not have happened."""

    exit_code = 1


class Wrong(Ending):
    """The user's input is wrong."""

    exit_code = 2


class Paused(Ending):
    """The campaign can go on: `activesci resume` does."""

    exit_code = 3


class Unmet(Ending):
    """The campaign has stopped, and something that its study expects does not hold."""

    exit_code = 4


class Program(click.Group):
    """A group of commands in which every exception ends as the contract says."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they are used."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - a command may return anything
        """Run the command."""
        try:
            with warnings_as_lines():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except ActiveSciError as error:
            from activesci.ledger.faults import is_full, is_locked

            raise (Paused if is_full(error) or is_locked(error) else Wrong)(str(error)) from error
        except KeyboardInterrupt as interrupt:
            raise Paused("interrupted") from interrupt
        except OSError as error:
            _system(error)
        except Exception as error:  # noqa: BLE001 - the last place before a traceback would reach the user
            _fault(error)


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Print our warnings as one line each and keep other libraries' to themselves, unless `-W` asks for them."""

    def show(message: Warning | str, category: type[Warning], *place: object, **_: object) -> None:
        click.echo(f"activesci: warning: {message}", err=True)

    with warnings.catch_warnings():
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", ActiveSciWarning)
            warnings.showwarning = show
        yield


def _system(error: OSError) -> NoReturn:
    """End for what the operating system refused: paused if time or space mends it, wrong if the path is."""
    path = f"{error.filename}: " if error.filename else ""
    if error.errno in FULL:
        raise Paused(f"{path}the disk is full: free some space, then resume") from error
    if error.errno in NOT_OURS and error.filename:
        raise Wrong(f"{path}{error.strerror}: name a path that this user can use") from error
    if error.errno == errno.EPIPE:
        raise error  # click ends quietly when the reader of a pipe has gone
    _fault(error)


def _fault(error: Exception) -> NoReturn:
    """End for what should not have happened: the traceback goes to a file."""
    raise Fault(
        f"a fault of activesci, not of your study: {type(error).__name__}: {error}\n"
        f"{_kept(error)}\n"
        "Please report it, with that file and the study (CONTRIBUTING.md says how)."
    ) from error


def _kept(error: Exception) -> str:
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="activesci-fault-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError:  # a full disk is no reason to lose it
        return f"The traceback could not be written to a file:\n{text}"
    return f"The traceback is in {Path(file.name)}"
