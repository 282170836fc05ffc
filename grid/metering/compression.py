"""Records, packed: deflate that knows beforehand what every OCMF record says.

The first byte names the form, so that what is stored can always be read: 0x01 is raw deflate with the dictionary
below, which may never change; 0x78 is plain zlib, which older rows have.
"""

import zlib

_DICTIONARY_1 = (
    b'","UI":900,"IS":false,"RU":"kWh","EF":"","TX":"B","ST":"G","RT":"AC"},{"RV":,"RI":"01-00:01.08.00*FF"'
    b'"RI":"1-0:1.8.0","RU":"Wh","RT":"AC","ST":"G"},{"RV":0,"RI":"1-0:2.8.0"},'
    b'{"TM":"2026-00:15:00,000+0000 S","RV":1"RI":"1-0:1.8.0"},{"RV":"RI":"1-0:2.8.0"},'
    b'{"TM":"2027-00:30:00,000+0000 S","RV":2"RI":"1-0:1.8.0"},{"RV":"RI":"1-0:2.8.0"},'
    b'OCMF|{"FV":"1.3","GI":"Commonwatt","GS":"CW-000","PG":"F1","MV":"Commonwatt","MM":"Virtual 1","MS":"CW-000'
    b'","IS":false,"UI":900,"UH":"0123456789abcdef","RD":[{"TM":"2026-00:45:00,000+0000 S","RV":10,"RI":"1-0:1.8.0",'
    b'"RU":"Wh","RT":"AC","ST":"G"},{"RV":,"RI":"1-0:2.8.0"}]}|{"SA":"ECDSA-secp256r1-SHA256","SE":"base64","SD":"'
    b'"}|{"SA":"ECDSA-secp256k1-SHA256","SD":"304502210304402203046022100"}'
)
_FORM_1, _ZLIB = b"\x01", b"\x78"
_LEVEL, _MEMORY = 2, 5


def compress(record: bytes) -> bytes:
    """Return a record packed."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY_1)
    return _FORM_1 + packer.compress(record) + packer.flush()


def decompress(packed: bytes) -> bytes:
    """Return the record byte for byte. Raises ValueError for a form that is not known."""
    if packed[:1] == _FORM_1:
        unpacker = zlib.decompressobj(-15, _DICTIONARY_1)
        return unpacker.decompress(packed[1:]) + unpacker.flush()
    if packed[:1] == _ZLIB:
        return zlib.decompress(packed)
    raise ValueError(f"form {packed[:1].hex()} of a stored record is not known")
