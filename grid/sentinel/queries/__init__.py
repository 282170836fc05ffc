"""What can be read of the sentinel's work, and what it reads itself."""
