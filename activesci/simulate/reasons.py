"""Why a simulation failed, in one short line."""

import re
import traceback
from pathlib import Path

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # another one each time, and equal failures are counted together
LONGEST = 300  # characters of a reason; it is kept in the ledger and counted there


def reason_of(error: BaseException, folder: Path) -> str:
    """Return the type, message and place of an error in the user's code.

    The place is the innermost line in a file of the study's folder, as that is the one its author can mend.

    Example:
        >>> reason_of(ValueError("negative mass"), Path("."))
        'ValueError: negative mass'
    """
    message = " ".join(_message(error).split())
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return shortened(text) + _place(error, folder)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 (a user's own exception may fail at this too)
        return ""


def shortened(text: str) -> str:
    """Return a text as one line of a limited length that any terminal or page may show.

    Example:
        >>> shortened(f"found {object()}, expected a number")
        'found <object object>, expected a number'
    """
    line = ADDRESS.sub("", " ".join(text.split()))
    printable = "".join(letter if letter.isprintable() else "?" for letter in line)
    return printable if len(printable) <= LONGEST else printable[: LONGEST - 3] + "..."


def _place(error: BaseException, folder: Path) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(folder.resolve())]
    if not inside:
        return ""
    return f" ({Path(inside[-1].filename).name}:{inside[-1].lineno})"
