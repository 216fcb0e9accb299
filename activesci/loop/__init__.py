"""The loop: a round as a pure function, the stop rules, and the campaign that drives rounds."""
