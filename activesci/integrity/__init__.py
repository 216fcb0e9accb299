"""What makes a result trustworthy: expectations that were stated beforehand, and a plan that was registered."""
