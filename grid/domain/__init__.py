"""The rules of the market as plain Python: integers in, integers and bytes out.

No framework, no clock, no input or output. docs/PROTOCOL.md says the same in prose.
"""
