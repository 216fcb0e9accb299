"""Boards: challenges of problems whose truths are hidden, those who take part, and who does best."""
