"""Forms made from a JSON Schema: plain data to fields, fields to plain data, and nothing lost on the way."""

from .base import ABSENT, Node, Problems, Sent
from .making import Form

__all__ = ["ABSENT", "Form", "Node", "Problems", "Sent"]
