"""The JSON API for people's programs and third parties; its address is /api/v1/, its description /api/docs."""
