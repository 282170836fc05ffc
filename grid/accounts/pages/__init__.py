"""What the pages of prosumers and of the utility share: words for numbers, charts, responses, frame."""
