"""Identifiers that look like the API's UUIDs and are the same in every process."""

from hashlib import blake2b

__all__ = ["uuid_of", "uuid_text"]


def uuid_text(hex32: str) -> str:
    """32 hex digits in the form of a version 4 UUID."""
    return f"{hex32[:8]}-{hex32[8:12]}-4{hex32[13:16]}-a{hex32[17:20]}-{hex32[20:]}"


def uuid_of(*words: object) -> str:
    """The UUID that belongs to these words; `hash()` would differ from process to process."""
    return uuid_text(blake2b("/".join(map(str, words)).encode(), digest_size=16).hexdigest())
