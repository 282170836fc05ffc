"""The auditor's offline command: checks a case file, trusting nobody but the keys it is given."""
