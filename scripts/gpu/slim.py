"""A provider's library without the device code that one kind of GPU does not need: what is left out becomes zeros, sizes and places stay.

NVIDIA's compiler puts the code of every architecture into one section, as containers of entries, each of one architecture and
compressed by itself. A kernel that is missing shows as "no kernel image" when it is called, and as nothing before.
"""

import re
import struct

CONTAINER = 0xBA55ED50
MACHINE_CODE = 2

# Kernels of operators that atlasc does not emit, and large: attention, mixtures, quantised weights.
UNUSED = re.compile(
    rb"flash|fmha|MoE|moe_|fpA_intB|llm7kernels|cutlass|[Gg]roupQuery|gqa|PagedAttention|attention_kernel|MatMulNBits|"
    rb"matmul_nbits|MatMulBnb4"
)


def section_of(library, wanted):
    """Offset and size of a section of a 64-bit ELF file."""
    (table,) = struct.unpack_from("<Q", library, 0x28)
    count, names = struct.unpack_from("<HH", library, 0x3C)
    sections = [struct.unpack_from("<IIQQQQIIQQ", library, table + 64 * i) for i in range(count)]
    texts = sections[names][4]
    for section in sections:
        start = texts + section[0]
        if bytes(library[start : start + len(wanted) + 1]) == wanted + b"\0":
            return section[4], section[5]
    raise SystemExit(f"the library has no section {wanted.decode()}")


def decompressed(payload, size):
    """The machine code of an entry, or None where its compression is not known."""
    if payload[:4] == b"\x7fELF":
        return payload
    if payload[:4] == b"\x28\xb5\x2f\xfd":
        import zstandard

        return zstandard.ZstdDecompressor().decompress(payload, max_output_size=max(size, 1 << 20))
    return None


def slimmed(source, architecture):
    """The library with the code for one architecture (90 for Hopper), without what atlasc does not use; and bytes that are left."""
    library = bytearray(source)
    offset, size = section_of(library, b".nv_fatbin")
    place, end, kept = offset, offset + size, 0
    while place < end:
        if struct.unpack_from("<I", library, place)[0] != CONTAINER:
            place += 8
            continue
        head, length = struct.unpack_from("<HQ", library, place + 6)
        entry, last = place + head, place + head + length
        while entry < last:
            (kind,) = struct.unpack_from("<H", library, entry)
            entry_head, stored = struct.unpack_from("<IQ", library, entry + 4)
            (compressed,) = struct.unpack_from("<I", library, entry + 16)
            (own,) = struct.unpack_from("<I", library, entry + 28)
            (full,) = struct.unpack_from("<Q", library, entry + 56)
            start = entry + entry_head
            payload = bytes(library[start : start + (compressed or stored)])
            code = decompressed(payload, full) if kind == MACHINE_CODE and own == architecture else b""
            is_used = kind == MACHINE_CODE and own == architecture and not (code and UNUSED.search(code))
            if is_used:
                kept += stored
            else:
                library[start : start + stored] = bytes(stored)
            entry = start + stored
        place = (last + 7) // 8 * 8
    return bytes(library), kept
