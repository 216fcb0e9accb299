"""What would be learned: the expected information gain of a possible experiment, and its error."""
