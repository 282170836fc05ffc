"""Named failures, a file per subject: a valid call, one thing changed, and the custom error that is due."""
