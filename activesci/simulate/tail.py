"""What a program printed: its last bytes, and how many there were in all."""

LARGEST = 4096
"""Bytes that are kept of each of a program's two streams; the rest is read and dropped."""


class Tail:
    r"""The end of a stream.

    Attributes:
        total: Bytes that came.

    Example:
        >>> tail = Tail(4)
        >>> tail.add(b"abc"), tail.add(bytes([27, 255, 10]))
        (None, None)
        >>> print(tail.text())
        [the first 2 of 6 bytes are left out]
        c\x1b\xff
    """

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest, self._kept, self.total = largest, b"", 0

    def add(self, data: bytes) -> None:
        """Take what came next."""
        self.total += len(data)
        self._kept = (self._kept + data)[-self._largest :]

    @property
    def truncated(self) -> bool:
        """Whether more came than is kept."""
        return self.total > self._largest

    def text(self) -> str:
        """Return it as text that any terminal or page may show: no control characters but the ends of lines."""
        shown = escaped(self._kept.decode("utf-8", "backslashreplace"))
        left_out = f"[the first {self.total - self._largest} of {self.total} bytes are left out]\n"
        return (left_out if self.truncated else "") + shown.rstrip("\n")

    def last_line(self) -> str:
        """Return its last line that says something."""
        lines = [line.strip() for line in escaped(self._kept.decode("utf-8", "backslashreplace")).split("\n")]
        return next((line for line in reversed(lines) if line), "")


def escaped(text: str) -> str:
    r"""Return a text with everything that is not printable written as an escape; the ends of lines stay.

    Example:
        >>> print(escaped("a" + chr(27) + "[31m b" + chr(0) + chr(0x202E)))
        a\x1b[31m b\x00\u202e
    """
    return "".join(letter if letter.isprintable() or letter == "\n" else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return f"\\x{ord(letter):02x}" if ord(letter) < 256 else letter.encode("unicode_escape").decode()
