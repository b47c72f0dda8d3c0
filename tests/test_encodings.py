"""Encodings of text that is not UTF-8: what is proposed, and what is said."""

import codecs
import gzip
import struct
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastcli.errors import DataError
from fastcli.text.encodings import PROPOSED, check_utf8, is_mostly_utf8, likely_encoding, not_utf8

CHINESE = """体育,主队在最后一分钟进球，以二比一获胜
财经,银行宣布下调贷款利率，房价可能继续上涨
科技,新款手机的电池可以使用两天"""
TRADITIONAL = """體育,主隊在最後一分鐘進球，以二比一獲勝
財經,銀行宣布調降貸款利率，房價可能繼續上漲
科技,新款手機的電池可以使用兩天"""
JAPANESE = """スポーツ,終了間際のゴールで地元のチームが勝ちました
経済,来月から電気料金が上がると発表されました
天気,明日は朝から雨が降るでしょう"""
KOREAN = """스포츠,경기 종료 직전에 터진 골로 우리 팀이 이겼습니다
경제,다음 달부터 전기 요금이 오를 예정입니다
날씨,내일은 아침부터 비가 내리겠습니다"""
RUSSIAN = """спорт,Наша команда забила гол на последней минуте и выиграла
экономика,Банк снизил ставку по кредитам
погода,Завтра с утра ожидается сильный дождь"""
FRENCH = """météo,Demain il pleuvra dès le début de la matinée
sport,L’équipe a marqué à la dernière minute
économie,Les prix de l’électricité augmenteront l'été prochain"""
GERMAN = """Wetter,Morgen früh wird es überall regnen
Sport,Der Torwart verhütete schließlich den Rückstand
Börse,Die Preise für Öl und Gas steigen wieder"""
SPANISH = """deporte,El equipo ganó con un gol en el último minuto
economía,El próximo año subirán los precios de la energía
tiempo,Mañana lloverá también por la mañana"""
POLISH = """pogoda,Jutro od rana będzie padał deszcz
sport,Drużyna strzeliła gola w ostatniej minucie i zwyciężyła
gospodarka,Ceny prądu wzrosną w przyszłym miesiącu, także w Łodzi"""
CZECH = """počasí,Zítra bude od rána pršet
sport,Mužstvo vstřelilo gól v poslední minutě a zvítězilo
ekonomika,Příští měsíc se zvýší ceny elektřiny"""
GREEK = """καιρός,Αύριο θα βρέχει από το πρωί
αθλητικά,Η ομάδα κέρδισε με γκολ στο τελευταίο λεπτό
οικονομία,Οι τιμές του ρεύματος θα αυξηθούν τον επόμενο μήνα"""
TURKISH = """hava,Yarın sabahtan itibaren yağmur yağacak
spor,Takımımız son dakikada attığı golle maçı kazandı
ekonomi,Gelecek ay elektrik fiyatları yükselecek, diyor uzmanlar şimdi"""
HEBREW = """ספורט,הקבוצה ניצחה בזכות שער בדקה האחרונה
מזג אוויר,מחר ירד גשם משעות הבוקר"""
ARABIC = """رياضة,فاز الفريق بهدف في الدقيقة الأخيرة من المباراة
طقس,سوف تمطر غدا منذ ساعات الصباح"""
THAI = """กีฬา,ทีมของเราชนะด้วยประตูในนาทีสุดท้าย
อากาศ,พรุ่งนี้ฝนจะตกตั้งแต่เช้า"""
LITHUANIAN = """oras,Rytoj nuo pat ryto lis, būkite atsargūs
sportas,Komanda laimėjo įmušusi įvartį paskutinę minutę, džiaugėsi žiūrovai"""
ENGLISH = """food,We had two crêpes at the café and paid £12
travel,“It’s the best view of Zürich” – so they say
news,Prices rose by 3 % to €5"""
PLAIN = "food,We had soup\ntravel,The view is fine"

LANGUAGES = [
    (CHINESE, "gb18030", "gb18030"),
    (CHINESE, "gbk", "gb18030"),
    (TRADITIONAL, "big5", "big5"),
    (JAPANESE, "cp932", "cp932"),
    (JAPANESE, "shift_jis", "cp932"),
    (JAPANESE, "euc_jp", "euc_jp"),
    (KOREAN, "cp949", "cp949"),
    (KOREAN, "euc_kr", "cp949"),
    (RUSSIAN, "cp1251", "cp1251"),
    (RUSSIAN, "koi8-r", "koi8-r"),
    (RUSSIAN, "cp866", "cp866"),
    (FRENCH, "cp1252", "cp1252"),
    (GERMAN, "cp1252", "cp1252"),
    (GERMAN, "latin-1", "cp1252"),
    (GERMAN, "iso8859-15", "cp1252"),
    (SPANISH, "cp1252", "cp1252"),
    (ENGLISH, "cp1252", "cp1252"),
    (POLISH, "cp1250", "cp1250"),
    (POLISH, "iso8859-2", "iso8859-2"),
    (CZECH, "cp1250", "cp1250"),
    (GREEK, "cp1253", "cp1253"),
    (TURKISH, "cp1254", "cp1254"),
    (HEBREW, "cp1255", "cp1255"),
    (ARABIC, "cp1256", "cp1256"),
    (LITHUANIAN, "cp1257", "cp1257"),
    (THAI, "cp874", "cp874"),
    (FRENCH, "mac-roman", "mac-roman"),
    (GERMAN, "cp850", "cp850"),
]
NAMES = [f"{name} {len(text)}" for text, name, _ in LANGUAGES]
TEXTS = dict.fromkeys(text for text, _, _ in LANGUAGES)


def reads_alike(data, name, other):
    """Tell whether two encodings read bytes alike, the end of which may be cut."""
    return data.decode(name, "ignore")[:-3] == data.decode(other, "ignore")[:-3]


@pytest.mark.parametrize(("text", "name", "proposed"), LANGUAGES, ids=NAMES)
def test_three_rows(text, name, proposed):
    data = text.encode(name)
    assert likely_encoding(data) == proposed
    assert likely_encoding(b"label,text\r\n" + data.replace(b"\n", b"\r\n") + b"\r\n") == proposed


@pytest.mark.parametrize(("text", "name", "proposed"), LANGUAGES, ids=NAMES)
def test_many_rows(text, name, proposed):
    assert likely_encoding((text + "\n").encode(name) * 300) == proposed


@pytest.mark.parametrize(("text", "name", "proposed"), LANGUAGES[:21], ids=NAMES[:21])
def test_each_row_alone(text, name, proposed):
    for line in text.split("\n"):
        data = f"label,text\n{line}\n".encode(name)
        found = likely_encoding(data)
        assert found is not None
        assert reads_alike(data, found, proposed)


@pytest.mark.parametrize(("text", "name", "proposed"), LANGUAGES, ids=NAMES)
def test_rows_that_end_in_a_character(text, name, proposed):
    data = text.encode(name)
    for cut in range(1, 5):
        found = likely_encoding(data[:-cut])
        assert found is not None
        assert reads_alike(data[:-cut], found, proposed)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("news,The president of 中国 spoke of the 经济 again", "gb18030"),
        ("news,We ate ラーメン in 東京 and そば in 大阪", "cp932"),
        ("news,The president of 대한민국 came to 서울", "cp949"),
        ("news,The word спасибо is Russian and дом as well", "cp1251"),
    ],
)
def test_a_few_words_among_ascii(text, name):
    data = (PLAIN + "\n").encode() * 20 + f"{text}\n".encode(name) * 3
    assert likely_encoding(data) == name


def test_one_accent_among_ascii():
    data = (PLAIN + "\n").encode() * 500 + "food,a café\n".encode("cp1252") + PLAIN.encode()
    assert likely_encoding(data) == "cp1252"
    assert likely_encoding(data.replace(b"\xe9", b"\x8e")) in ("mac-roman", None)  # not cafŽ


@pytest.mark.parametrize("text", [*TEXTS, PLAIN, ENGLISH])
@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_utf_16_and_32(text, name):
    data, mark = text.encode(name), "\ufeff".encode(name)
    for cut in range(3):
        assert likely_encoding(mark + data[: len(data) - cut]) == name[:6]
        if name.startswith("utf-16"):
            assert likely_encoding(data[: len(data) - cut]) == name
    assert (mark + data).decode(name[:6]) == text


@pytest.mark.parametrize("text", [*TEXTS, PLAIN, ""])
def test_utf_8_has_no_other_encoding(text):
    data = text.encode()
    for cut in range(4):
        assert likely_encoding(data[: len(data) - cut]) is None
    assert likely_encoding(codecs.BOM_UTF8 + data) is None


@pytest.mark.parametrize("text", [text for text in TEXTS if len(text.encode()) > len(text) + 5])
@pytest.mark.parametrize("bad", [b"\xff", b"\xe9", b"\x80", b"\xc3", b"\xe4\xb8"])
def test_damaged_utf_8_has_no_other_encoding(text, bad):
    data = text.encode()
    for at in (0, 9, len(data) // 2, len(data)):
        damaged = data[:at] + bad + data[at:]
        assert likely_encoding(damaged) is None
        assert is_mostly_utf8(damaged)


def test_lines_in_several_encodings_have_none():
    assert likely_encoding(FRENCH.encode() + b"\n" + FRENCH.encode("cp1252")) is None


BINARY = {
    "gzip": gzip.compress(CHINESE.encode() * 20, mtime=0),
    "floats": struct.pack("<500f", *(i / 7 - 30 for i in range(500))),
    "integers": struct.pack("<500i", *range(-250, 250)),
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0\x08\x06\0\0\0\xbeJ\xda\xc4",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0>\0\x01\0\0\0\xa0\x1c\xff\xff" * 4,
    "zeros": bytes(100),
    "all bytes": bytes(range(256)) * 4,
    "mark and bytes": codecs.BOM_UTF16_LE + bytes(range(1, 255)) * 4,
    "marks alone": codecs.BOM_UTF16_LE,
    "mark and half a character": codecs.BOM_UTF16_BE + b"\0",
    "mark and a lone surrogate": codecs.BOM_UTF16_LE + b"\0\xdc\0\xdc",
    "high bytes": bytes(range(128, 256)) * 8,
}


@pytest.mark.parametrize("data", BINARY.values(), ids=BINARY.keys())
def test_binary_has_none(data):
    assert likely_encoding(data) is None


@given(st.binary(max_size=300))
@example(b"")
@example(b"\xff")
@example(b"\xff\xfe\0\0")
@example(b"\0")
@example(b"\x80" * 100)
@example(b"a" * 65_535 + b"\xe9")
@example(b"\xd6\xd0" + b"a" * 65_535)
def test_any_bytes(data):
    found = likely_encoding(data)
    assert found is None or codecs.lookup(found)
    sentence = not_utf8("t.csv", "line 1", data)
    assert sentence.isprintable()
    assert sentence.startswith("t.csv (line 1) ")
    assert sentence.endswith(".")


@given(st.text(max_size=60), st.sampled_from(["gb18030", "cp1252", "cp932", "cp1251", "utf-16"]))
def test_what_is_proposed_decodes(text, name):
    data = text.encode(name, "ignore")
    found = likely_encoding(data)
    if found is not None:
        assert codecs.getincrementaldecoder(found)().decode(data)


def test_all_names_are_known():
    for names in PROPOSED.values():
        for name in names:
            assert codecs.lookup(name)
    assert all(codecs.lookup(name).name == name for name in PROPOSED)


# -------------------------------------------------------------------- messages


def test_message_with_a_proposal():
    assert not_utf8("t.csv", "line 3", CHINESE.encode("gb18030")) == (
        "t.csv (line 3) is not UTF-8; it looks like gb18030 (Chinese): "
        "add --encoding gb18030, which reads it as '体育'."
    )
    assert not_utf8("t.csv", "", GERMAN.encode("cp1252"), "--enc").endswith(
        "is not UTF-8; it looks like cp1252 (Western European): "
        "add --enc cp1252, which reads it as 'früh wird es überall regnen'."
    )
    assert not_utf8("t.csv", "line 1", PLAIN.encode("utf-16")) == (
        "t.csv (line 1) is not UTF-8; it looks like utf-16: add --encoding utf-16."
    )


def test_message_without_a_proposal():
    assert not_utf8("t.bin", "line 1", BINARY["gzip"]) == (
        "t.bin (line 1) is not UTF-8: save it as UTF-8, or add --encoding and the encoding that it "
        "was saved in, such as gb18030, cp1252 or utf-16."
    )
    otherwise = "Or replace such bytes with --bad-bytes replace."
    assert not_utf8("t.bin", "line 1", BINARY["gzip"], otherwise=otherwise).endswith(
        f"or utf-16. {otherwise}"
    )


def test_message_of_damaged_utf_8():
    found = not_utf8("t.csv", "line 2", FRENCH.encode() + b"\xff", otherwise="Fix it.")
    assert found == (
        "t.csv (line 2) has bytes that are not UTF-8, but most of it is: it is damaged, "
        "or parts of it have another encoding. Fix it."
    )


def test_no_detector_is_imported_before_it_is_needed():
    code = (
        "import sys\n"
        "from fastcli.text.encodings import likely_encoding\n"
        "likely_encoding('é'.encode())\n"
        "likely_encoding('é'.encode('utf-16'))\n"
        "assert 'chardet' not in sys.modules\n"
        "assert likely_encoding('a café, a crêpe'.encode('cp1252')) == 'cp1252'\n"
        "assert 'chardet' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["text,label\ngood,a\n", "text,label\ntrès bon,é\n", "文,标\n很好,好\n"]
)
def test_utf_16_without_a_mark(name, text):
    with pytest.raises(DataError) as caught:
        check_utf8("t.csv", text.encode(name))
    assert f"it looks like {name}: add --encoding {name}" in str(caught.value)


def test_a_zero_in_text_is_no_utf_16():
    check_utf8("t.csv", b"text,label\ngo\0od,a\n")
