"""Named failures, a file per contract: a valid call, one thing changed, and the custom error that is due."""
