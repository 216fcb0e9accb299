"""Who else can read a campaign: tables, ArviZ, MLflow, W3C PROV, and an RO-Crate that runs again elsewhere."""

from .base import Exporter, Run
from .kinds import KINDS, export

__all__ = ["KINDS", "Exporter", "Run", "export"]
