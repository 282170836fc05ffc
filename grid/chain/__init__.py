"""The only package that talks to the chain.

A library behind eth_account raises Python's recursion limit for the whole process when it is imported,
so far that a deeply nested JSON body overflows the C stack and ends the process. It is imported here
first, and the limit put back.
"""

import sys

_limit = sys.getrecursionlimit()

import eth_account  # noqa: E402, F401
import web3  # noqa: E402, F401

sys.setrecursionlimit(_limit)
