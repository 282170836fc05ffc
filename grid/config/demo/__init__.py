"""The demonstration: a simulated community seeded through the same services as a real one."""
