"""What is believed: surrogates of the simulator, the posterior and its sampler, predictions and their misfit."""
