"""What happened: events, chained and durable, and the history that is folded from them."""

from .attempts import pack_attempts, unpack_attempts
from .bank import Bank
from .events import Event, Kind
from .history import Folding, History, Measurement, Pass, RoundRecord, bank_of, fold
from .store import Ledger

__all__ = [
    "Bank",
    "Event",
    "Folding",
    "History",
    "Kind",
    "Ledger",
    "Measurement",
    "Pass",
    "RoundRecord",
    "bank_of",
    "fold",
    "pack_attempts",
    "unpack_attempts",
]
