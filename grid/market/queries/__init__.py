"""What can be read of the market."""
