"""What every learned surrogate shares: an ensemble as one network, its coordinates its rows, and where it computes."""
