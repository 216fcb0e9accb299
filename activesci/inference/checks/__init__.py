"""Whether a posterior can be believed: coverage, held-out simulations, a second route, misfit; and widening it."""
