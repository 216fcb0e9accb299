"""Numbers, units and times as a physicist writes them; plain text with Unicode superscripts, never markup."""

import math
import re
import unicodedata

SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_DIRECTION = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with at most `digits` significant digits, or a dash for none.

    Example:
        >>> number(57.77), number(1.5e-9), number(-3), number(None)
        ('57.77', '1.5 × 10⁻⁹', '−3', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 1e6:
        return _minus(f"{int(value)}")
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return _minus(mantissa) + (_power(int(exponent)) if exponent else "")


def rounded(value: float | None, sd: float | None) -> str:
    """Return value(uncertainty), the uncertainty with two significant digits; of a value that is hidden, so much.

    Example:
        >>> rounded(1.21712, 0.0512), rounded(212.684, 6.947), rounded(0.0000123, 0.00000045)
        ('1.217(51)', '212.7(6.9)', '1.230(45) × 10⁻⁵')
        >>> rounded(2134.2, 123.4), rounded(3.0, 0.0)
        ('2130(120)', '3')
        >>> rounded(None, 0.0512), rounded(None, None)
        ('hidden ± 0.051', 'hidden')
    """
    if value is None or sd is None:
        return "hidden" if sd is None else f"hidden ± {number(sd, 2)}"
    if not (math.isfinite(value) and math.isfinite(sd)) or sd <= 0:
        return number(value)
    size = max(abs(value), sd)
    if size < 1e-3 or size >= 1e5:
        power = math.floor(math.log10(size))
        return _parenthesis(value / 10.0**power, sd / 10.0**power) + _power(power)
    return _parenthesis(value, sd)


def _parenthesis(value: float, sd: float) -> str:
    decimals = 1 - math.floor(math.log10(float(f"{sd:.1e}")))
    if decimals <= 0:
        return _minus(f"{round(value, decimals):.0f}") + f"({round(sd, decimals):.0f})"
    uncertainty = f"{sd:.{decimals}f}" if sd >= 1 else str(round(sd * 10**decimals))
    return _minus(f"{value:.{decimals}f}") + f"({uncertainty})"


def interval(low: float | None, high: float | None) -> str:
    """Return the ends of a 90 % interval, as precise as the sd that goes with it, or that they are hidden.

    Example:
        >>> interval(1.1334, 1.3019), interval(-0.2, 0.98123)
        ('1.133 to 1.302', '−0.20 to 0.98')
    """
    if low is None or high is None:
        return "hidden"
    width = high - low
    if not math.isfinite(width) or width <= 0 or not 1e-3 <= max(abs(low), abs(high)) < 1e5:
        return f"{number(low)} to {number(high)}"
    decimals = max(0, 1 - math.floor(math.log10(width / 3.29)))
    return _minus(f"{low:.{decimals}f}") + " to " + _minus(f"{high:.{decimals}f}")


def unit_text(unit: str | None) -> str:
    """Return a unit with its powers as superscripts.

    Example:
        >>> unit_text("1e-5 GeV^-2"), unit_text("m/s^2"), unit_text(None)
        ('10⁻⁵ GeV⁻²', 'm/s²', '')
    """
    text = re.sub(r"^1e([+-]?\d+)\b", lambda m: "10" + _raised(str(int(m[1]))), clean(unit or "", 40))
    return re.sub(r"(?:\^|\*\*)\(?([+-]?\d+)\)?", lambda m: _raised(m[1]), text)


def quantity(text: str, unit: str | None) -> str:
    """Return a number and its unit; a unit that is a power of ten is multiplied.

    Example:
        >>> quantity("1.217(51)", "1e-5 GeV^-2"), quantity("91.19(12)", "GeV"), quantity("3", None)
        ('1.217(51) × 10⁻⁵ GeV⁻²', '91.19(12) GeV', '3')
    """
    symbol = unit_text(unit)
    times = "× " if symbol.startswith("10") and text != "–" else ""
    return f"{text} {times}{symbol}".strip()


def duration(seconds: float | None) -> str:
    """Return a time span with the unit that suits it.

    Example:
        >>> duration(0.0312), duration(4.26), duration(75), duration(5000)
        ('31 ms', '4.3 s', '1 min 15 s', '1 h 23 min')
    """
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.5:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clean(text: object, limit: int = 2000) -> str:
    """Return text from outside without control characters, cut at `limit` characters."""
    kept = "".join("�" if _unfit(c) else c for c in str(text)[: limit + 1])
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def _unfit(character: str) -> bool:
    return (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t") or character in _DIRECTION


def _power(exponent: int) -> str:
    return f" × 10{_raised(str(exponent))}"


def _raised(digits: str) -> str:
    return digits.removeprefix("+").translate(SUPERSCRIPTS)


def _minus(text: str) -> str:
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")
