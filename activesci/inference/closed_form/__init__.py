"""What is known of outcomes before any network is trained: fits in closed form that networks start from."""
