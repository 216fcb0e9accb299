"""Pages for people: rendered here, with one small script, and nothing loaded from anywhere else."""
