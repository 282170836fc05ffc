"""What reaches the chain, and what comes back from it."""
