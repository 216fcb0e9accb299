"""The API: JSON in, JSON out."""
