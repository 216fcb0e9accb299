"""A designer and a surrogate of one's own, offered to activesci by entry points."""
