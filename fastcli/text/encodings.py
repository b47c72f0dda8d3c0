"""Which encoding bytes may have that are not UTF-8, and what to tell the person who gave them.

chardet ranks encodings by how often letters follow each other in the languages that use them.  Its
verdicts are checked here: a proposal decodes strictly, to characters that exist, in words that
somebody may have written.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from itertools import islice

from fastcli.errors import DataError
from fastcli.printable import shortened

EQUALLY = 0.9  # of the confidence in the best: as likely as that
AS_LIKELY = 0.8  # of the confidence in the best: encodings to take instead if that is not plausible
MOST_ODD = 0.2  # of the characters that are not ASCII
MOST_CONTROLS = 0.01  # of the bytes of a text
MOST_CHECKED = 4000  # characters that are not ASCII
MOST_SHOWN = 30  # characters of an example
MANY_ZEROS = 0.3  # of the bytes, in UTF-16 of ASCII
LEAST_UTF8 = 0.5  # of the characters that are not ASCII, in damaged UTF-8

# What to propose for an encoding, by its name in Python: the most common one of those that read
# such bytes alike; of several the first that decodes them.
PROPOSED = {
    "gb18030": ["gb18030"],
    "gb2312": ["gb18030"],
    "gbk": ["gb18030"],
    "big5": ["big5", "cp950", "big5hkscs"],
    "cp950": ["big5", "cp950", "big5hkscs"],
    "big5hkscs": ["big5", "cp950", "big5hkscs"],
    "shift_jis": ["cp932"],
    "shift_jis_2004": ["cp932"],
    "cp932": ["cp932"],
    "euc_jp": ["euc_jp"],
    "euc_jis_2004": ["euc_jp"],
    "euc_kr": ["cp949"],
    "cp949": ["cp949"],
    "iso8859-1": ["cp1252"],
    "iso8859-15": ["cp1252"],
    "iso8859-9": ["cp1254"],
    "iso8859-8": ["cp1255"],
    "iso8859-13": ["cp1257"],
    "tis-620": ["cp874"],
    "koi8-r": ["koi8-r"],
    "koi8-u": ["koi8-u"],
    "mac-roman": ["mac-roman"],
    "cp437": ["cp850"],
    "cp850": ["cp850"],
    "cp858": ["cp850"],
    **{name: [name] for name in ("iso8859-2", "iso8859-5", "iso8859-7", "cp852", "cp866", "cp874")},
    **{name: [name] for name in map("cp125{}".format, range(9))},
}
OLD = {"cp850", "mac-roman"}  # from before Windows; accents alone hardly tell which of them
WRITING = {
    "gb18030": "Chinese",
    "big5": "Chinese",
    "cp950": "Chinese",
    "big5hkscs": "Chinese",
    "cp932": "Japanese",
    "euc_jp": "Japanese",
    "cp949": "Korean",
    "cp1250": "Central European",
    "iso8859-2": "Central European",
    "cp852": "Central European",
    "cp1251": "Cyrillic",
    "koi8-r": "Cyrillic",
    "koi8-u": "Cyrillic",
    "iso8859-5": "Cyrillic",
    "cp866": "Cyrillic",
    "cp1252": "Western European",
    "mac-roman": "Western European",
    "cp850": "Western European",
    "cp1253": "Greek",
    "iso8859-7": "Greek",
    "cp1254": "Turkish",
    "cp1255": "Hebrew",
    "cp1256": "Arabic",
    "cp1257": "Baltic",
    "cp1258": "Vietnamese",
    "cp874": "Thai",
}
MARKS = {
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}

_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", re.DOTALL
)
_BETWEEN_WORDS = re.compile(rb"[\s,;\"]+")
_TOGETHER = re.compile(rb"[\x80-\xff]{2,}")
_HIGH = bytes(range(128, 256))
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1a\x1b"))
_NOT_ASCII = re.compile("[^\0-\x7f]")
_BEFORE_WORD = re.compile(r'[\s,;|"]')
_AFTER_CELL = re.compile(r'[\r\n,;|"]')
_JOINS = "’‘´'·-‐‑–—…\xad\u200c\u200d"  # what may be inside a word
_ENDS = _JOINS + "”»›™®©°²³¹ªº€"  # what may follow a word
_UTF16 = ("utf-16-le", "utf-16-be")


def iconv_command(name: str) -> str:
    """Return the command that makes UTF-8 of an encoding, which is given by its Python name."""
    known = {"mac-roman": "macintosh", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be"}
    return f"iconv -f {known.get(name, name.replace('_', '-'))} -t utf-8"


def likely_encoding(sample: bytes) -> str | None:
    """Return the Python name of the encoding that bytes seem to have, None if that is not clear.

    ``sample`` is the start of a text that is not UTF-8, and may end within a character.  Bytes
    that are UTF-8 or ASCII, or that are so apart from some damage, and what is not text have none.
    """
    for name, marks in MARKS.items():
        if sample.startswith(marks):
            return name if _is_text(_decoded(sample, name)) else None
    if b"\0" in sample:
        return _likely_utf16(sample)
    if (
        _n_controls(sample) > MOST_CONTROLS * len(sample)
        or sample.isascii()
        or is_mostly_utf8(sample)
    ):
        return None
    likely = _ranked(sample)
    oddness = {name: round(_oddness(sample, name), 1) for name in likely}
    # The likeliest, unless another one makes far more words of the bytes.
    best = min(likely, key=oddness.__getitem__, default="")
    is_chinese = likely.get("gb18030", 0) >= AS_LIKELY * likely.get("cp949", 1)
    if best == "cp949" and (is_chinese or _has_chinese_letters(sample)):
        return "gb18030"
    is_western = _oddness(sample, "cp1252") <= MOST_ODD
    is_old = best in OLD and oddness.get("cp1252", 1) <= oddness[best]
    if is_western and (
        not best or is_old or oddness[best] > MOST_ODD or _is_as_cp1252(sample, best)
    ):
        return "cp1252"
    rivals = [
        name
        for name in likely.keys() & OLD
        if likely[name] >= EQUALLY * likely[best] and oddness[name] == oddness[best]
    ]
    is_clear = best not in OLD or rivals == [best]
    return best if best and oddness[best] <= MOST_ODD and is_clear else None


def _has_chinese_letters(sample: bytes) -> bool:
    """Tell whether what may be Korean has Chinese letters, which Korean is hardly written with."""
    is_chinese = any("\u4e00" <= c <= "\u9fff" for c in _decoded(sample, "cp949"))
    return is_chinese and not _unreal(_decoded(sample, "gb18030") or "\x80")


def _is_as_cp1252(sample: bytes, name: str) -> bool:
    """Tell whether cp1252 reads bytes as another encoding does: café is the same in cp1250."""
    return _decoded(sample, name) == _decoded(sample, "cp1252")


def is_mostly_utf8(sample: bytes) -> bool:
    """Tell whether most characters of bytes, of those that are not ASCII, are valid UTF-8.

    Such a text is damaged, or of parts with several encodings: no one encoding reads it.
    """
    rest, n_valid = _UTF8.subn(b"", sample)
    n_others = len(rest) - len(rest.translate(None, _HIGH))
    return n_valid > 0 and n_valid >= LEAST_UTF8 * (n_valid + n_others)


def is_valid_utf8(data: bytes) -> bool:
    """Tell whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def check_utf8(path: str, head: bytes, otherwise: str = "") -> None:
    """Raise DataError where the first bytes of a file are not UTF-8: ``not_utf8``.

    The last line, which may be cut, is not looked at unless it is the only one.
    """
    n_zeros = head.count(b"\0")
    if n_zeros > MANY_ZEROS * len(head) and _likely_utf16(head):  # of ASCII it is UTF-8, too
        raise DataError(not_utf8(path, "", head, otherwise=otherwise))
    whole = head[: head.rfind(b"\n") + 1] or head
    try:
        whole.decode()
    except UnicodeDecodeError as error:
        if error.end == len(whole) == len(head) and error.reason == "unexpected end of data":
            return  # a character that is cut
        line = whole.count(b"\n", 0, error.start) + 1
        start = whole.rfind(b"\n", 0, error.start) + 1
        sample = head if n_zeros else whole[start:]  # lines of UTF-16 do not begin where \n ends
        raise DataError(not_utf8(path, f"line {line}", sample, otherwise=otherwise)) from None


def not_utf8(
    path: str, where: str, sample: bytes, option: str = "--encoding", otherwise: str = ""
) -> str:
    """Return the error of a file that is not UTF-8: what it seems to be, and what to type.

    ``where`` is what in the file is not, such as ``line 3``; ``sample`` are bytes from there or
    from the file's start; ``otherwise`` is a sentence on what else can be done where no encoding
    can be proposed, such as ``Or replace such bytes with --bad-bytes replace.``
    """
    place = f"{path} ({where})" if where else path
    found = likely_encoding(sample)
    if found:
        said = f"{place} is not UTF-8; it looks like {found}"
        said += f" ({WRITING[found]})" if found in WRITING else ""
        said += f": add {option} {found}"
        example = _example(sample, found)
        return f"{said}, which reads it as {example}." if example else f"{said}."
    if is_mostly_utf8(sample):
        said = (
            f"{place} has bytes that are not UTF-8, but most of it is: it is damaged, or parts of "
            f"it have another encoding."
        )
    else:
        said = (
            f"{place} is not UTF-8: save it as UTF-8, or add {option} and the encoding that it was "
            f"saved in, such as gb18030, cp1252 or utf-16."
        )
    return f"{said} {otherwise}".rstrip()


# ------------------------------------------------------------------ candidates


def _ranked(sample: bytes) -> dict[str, float]:
    """Return the names that may be proposed, the likeliest first, with chardet's confidence.

    cp1252 stands before others where it is as likely.
    """
    import chardet  # few texts need it

    verdicts = chardet.detect_all(_telling(sample), ignore_threshold=True)
    best = max(verdict["confidence"] for verdict in verdicts)
    likely: dict[str, float] = {}
    for verdict in verdicts:
        confidence = verdict["confidence"]
        names = PROPOSED.get(_python_name(verdict["encoding"] or ""), [])
        if confidence >= EQUALLY * best and "cp1252" in names:
            likely = {"cp1252": confidence, **likely}
        elif confidence >= AS_LIKELY * best:
            for name in names:
                likely.setdefault(name, confidence)
    return likely


def _telling(sample: bytes) -> bytes:
    """Return the part of bytes that tells the encoding.

    Accents stand alone among letters of ASCII, and all the text tells the language.  Where most
    bytes beyond ASCII stand together (Chinese, Cyrillic) the words in ASCII between them tell
    another language, so these are left out.
    """
    n_high = len(sample) - len(sample.translate(None, _HIGH))
    n_together = sum(map(len, _TOGETHER.findall(sample)))
    if 2 * n_together <= n_high:
        return sample
    return b" ".join(word for word in _BETWEEN_WORDS.split(sample) if not word.isascii())


def _python_name(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _likely_utf16(sample: bytes) -> str | None:
    """Return the order of bytes by which more characters are ASCII, such as ends of lines."""
    texts = {name: _decoded(sample, name) for name in _UTF16}
    counts = {name: len(text) - len(_NOT_ASCII.findall(text)) for name, text in texts.items()}
    best = max(_UTF16, key=counts.__getitem__)
    return best if counts[best] and _is_text(texts[best]) else None


# ---------------------------------------------------------------------- checks


def _decoded(sample: bytes, name: str) -> str:
    """Return bytes as text, without a character that is cut at their end; "" if they are not."""
    try:
        return codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeError:
        return ""


def _n_controls(text: bytes) -> int:
    return len(text) - len(text.translate(None, _CONTROLS))


def _is_text(text: str) -> bool:
    """Tell whether UTF-16 or UTF-32 is a text: no unreal code points, and few controls.

    Such a text may have been made of cp1252 that was read as Latin-1, and so have some of C1.
    """
    n_controls = _n_controls(text.encode("utf-8", "replace"))
    n_controls += sum("\x7f" < c < "\xa0" for c in text)
    is_real = not _unreal(text) - {"Cc"}
    return text != "" and is_real and n_controls <= MOST_CONTROLS * len(text)


def _unreal(text: str) -> set[str]:
    """Return what a text has of controls, and of code points that stand for no character."""
    return {unicodedata.category(c) for c in set(text) if c > "\x7f"} & {"Cc", "Cn", "Co", "Cs"}


def _oddness(sample: bytes, name: str) -> float:
    """Return the share of non-ASCII characters that are out of place; 1 if it is not text."""
    text = _decoded(sample, name)
    if not text or _unreal(text):
        return 1.0
    found = list(islice(_NOT_ASCII.finditer(text), MOST_CHECKED))
    places = [match.start() for match in found]
    odd = [_is_odd(text[max(i - 1, 0) : i], text[i], text[i + 1 : i + 2]) for i in places]
    return sum(odd) / len(odd) if odd else 1.0


def _is_odd(before: str, char: str, after: str) -> bool:
    """Tell whether a character hardly stands between two others, one of them or both in a word.

    That is a capital within a word of small letters (``cafŽ``), the second of three accents in
    turn, a sign within a word or one that ends none (``caf‡s``), and a letter of another script
    beside a Latin one (``cafй``).
    """
    if char >= "\u2e80":  # Chinese, Japanese or Korean, between words in ASCII as well
        return _is_small_ascii(before) and _is_small_ascii(after)
    if char.isalpha() and not "\u02b0" <= char < "\u0370":
        if "\u0370" <= char < "\u1e00":
            return _is_latin(before) or _is_latin(after)
        if _is_accented(before) and _is_accented(after):
            return True
        is_within = before.islower() or (before.isupper() and after.islower())
        return char.isupper() and is_within
    if "\u2500" <= char < "\u25a0":  # lines of boxes
        return before.isalpha() or after.isalpha()
    if unicodedata.category(char).startswith("M") or not before.isalpha():
        return False
    if after.isalpha():
        return char not in _JOINS and after < "\u2e80"
    return char not in _ENDS and (char < "\u0370" or char >= "\u2000")


def _is_latin(char: str) -> bool:
    return char.isalpha() and (char < "\u02b0" or "\u1e00" <= char < "\u1f00")


def _is_accented(char: str) -> bool:
    return "\x7f" < char < "\u0250"


def _is_small_ascii(char: str) -> bool:
    return char.isascii() and char.islower()


def _example(sample: bytes, name: str) -> str:
    """Return some words of a text, in quotes, from the first one that is not ASCII; or nothing."""
    text = _decoded(sample, name)
    found = _NOT_ASCII.search(text)
    if not found:
        return ""
    place = found.start()
    word = _BEFORE_WORD.split(text[max(place - MOST_SHOWN // 2, 0) : place])[-1]
    return repr(shortened(word + _AFTER_CELL.split(text[place:], 1)[0].rstrip(), MOST_SHOWN))
