"""What can be read of settlement."""
