"""The embedded servers of a demonstration or test: PostgreSQL, Valkey and a development chain.

Each is started as a direct child of the calling process and dies with it (Linux). None of them is
used where an address of a real server is given.
"""
