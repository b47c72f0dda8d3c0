"""Write the sample corpora of this folder, in fastText's format, two raw data sets, and tables.

The text is made from the word lists and sentence templates in ``_words*.py``, the tables of
numbers in ``_tables.py``, with a seeded random generator, so a run always gives the same bytes::

    python data/samples/make_samples.py            # rewrite the files beside this script
    python data/samples/make_samples.py --check    # exit 1 if a file on disk differs
"""

import argparse
import csv
import io
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import _tables as tables
import _words as en
import _words_reviews as rv
import _words_tags as tag_words
import _words_titles as news
import _words_zh as zh

HERE = Path(__file__).resolve().parent
SEED = 20240

VALID = 200  # lines of each validation file

LABEL_NOISE = 0.03  # share of the topics training lines that get a wrong label
MIN_TOKENS, MAX_TOKENS = 8, 25  # length of a topics line, label not counted

# How a topics line is made, and how often (in percent).
TOPIC_KINDS = {"plain": 85, "order": 7, "aside": 5, "either": 3}
ZH_MIXED_SHARE = 0.14  # titles that could carry either of two labels
PLACE_SHARE, PLACE_TAG_SHARE = 0.55, 0.85
EXTRA_SHARE, EXTRA_TAG_SHARE = 0.6, 0.75
FORGOTTEN_SHARE = 0.2  # questions with several tags of which the writer left one out
MAX_TAGS = 3

REVIEWS, EXACT_COPIES, NEAR_COPIES = 776, 12, 12  # 800 rows
NEW_REVIEWS, FIRST_NEW_ID = 60, 20001
VERDICT_NOISE = 0.05  # share of the reviews that get a wrong verdict
OTHER_SIDE_SHARE = 0.3  # clear reviews with one sentence that says the opposite
FIRST_DAY, DAYS, FIRST_ID = date(2023, 1, 1), 700, 10001
# How often a review is written in a way that a file for training cannot hold (in percent).
MARKS = {
    "break": 9, "html break": 7, "bold": 5, "entity": 12, "link": 5, "shout": 8, "exclaim": 16,
    "quote": 3, "no-break space": 50, "decomposed": 40,
}  # fmt: skip
MAX_OVERLAP = 0.7  # words that two reviews may share, apart from the copies
PUNCTUATION = {".": "!", ",": "", "!": "."}  # what a near copy puts in the place of another

NEWS, REPRINTS = 790, 10  # 800 lines
TWO_TOPICS_SHARE, ONE_LISTED_SHARE = 0.22, 0.2  # of the latter, the site lists one topic
NEWS_MARKS = {"wide": 12, "extra": 6, "lead": 15, "nbsp": 6, "link": 8}  # in percent
FULL_WIDTH = {code: code + 0xFEE0 for code in map(ord, "0123456789%")} | {
    code: code + 0xFEE0 for code in range(ord("A"), ord("z") + 1) if chr(code).isalpha()
}

# Tags of questions that name no further place, and the words that open a question.
PLACED_TAGS = frozenset({"roof", "garden", "concrete", "insulation", "kitchen"})
QUESTION_WORDS = frozenset({"how", "can", "should", "which", "what", "is", "do", "does"})

SLOT = re.compile(r"\{(\w+)\}")
ARTICLE = re.compile(r"\ba (?=[aeio]|un(?!i))")
CJK_OR_RUN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]|[^\s\u3000-\uffef]+")


@dataclass(frozen=True)
class Example:
    """One line of a corpus: its labels (without prefix) and its text."""

    labels: tuple[str, ...]
    text: str

    def line(self) -> str:
        """The line as fastText reads it."""
        return " ".join([*(f"__label__{label}" for label in self.labels), self.text]) + "\n"


@dataclass(frozen=True)
class Review:
    """One row of the reviews; the number is given when the rows have their order."""

    id: int
    date: str
    verdict: str
    title: str
    review: str
    product: str


@dataclass(frozen=True)
class News:
    """One line of the raw news titles."""

    title: str
    summary: str
    topics: tuple[str, ...]
    source: str


Maker = Callable[[Random], Example]
Item = TypeVar("Item")


def options(text: str) -> list[str]:
    """Split an ``"a | b | c"`` list."""
    return [part.strip() for part in text.split("|")]


def rows(block: str) -> list[str]:
    """The lines of a template block."""
    return block.strip().splitlines()


def weighted(rng: Random, weights: Mapping[str, int]) -> str:
    """A key of ``weights``, each as likely as its weight says."""
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def fill(rng: Random, template: str, slots: Mapping[str, str]) -> str:
    """Replace each ``{slot}``; a slot named twice gets two different words."""
    used: set[str] = set()

    def pick(match: re.Match[str]) -> str:
        word = rng.choice([word for word in options(slots[match[1]]) if word not in used])
        used.add(word)
        return word

    return SLOT.sub(pick, template)


def tidy(text: str) -> str:
    """Put ``an`` before a vowel and set the punctuation apart."""
    return " ".join(ARTICLE.sub("an ", text).split())


# ---------------------------------------------------------------- topics


def plain_topic(rng: Random) -> Example:
    """A line about one topic."""
    topic = rng.choice(list(en.TOPIC_TEMPLATES))
    template = rng.choice(rows(en.TOPIC_TEMPLATES[topic]))
    return Example((topic,), tidy(fill(rng, template, en.TOPIC_SLOTS)))


def aside_topic(rng: Random) -> Example:
    """A line that mentions one topic and then asks about another."""
    aside, topic = rng.sample(list(en.ASIDES), 2)
    remark = rng.choice(options(en.ASIDES[aside]))
    question = rng.choice(options(en.ASKS[topic]))
    link = rng.choice([",", "and", "so"])
    return Example((topic,), f"{remark} {link} {question}")


def either_topic(rng: Random) -> Example:
    """A line on two topics that could be filed under either."""
    first, second = rng.sample(list(en.ASIDES), 2)
    slots = {"x": en.ASIDES[first], "y": en.ASIDES[second]}
    return Example((rng.choice([first, second]),), fill(rng, rng.choice(options(en.EITHER)), slots))


def order_topic(rng: Random) -> Example:
    """A line whose topic shows only in the order of its words."""
    pair = rng.choice(list(en.PAIR_THINGS))
    topic, other = rng.sample(pair.split(), 2)
    slots = {
        "who": en.TOPIC_SLOTS["who"],
        "thing": en.PAIR_THINGS[pair],
        "x": en.FACETS[topic],
        "y": en.FACETS[other],
    }
    return Example((topic,), fill(rng, rng.choice(rows(en.ORDER_TEMPLATES)), slots))


TOPIC_MAKERS: dict[str, Maker] = {
    "plain": plain_topic,
    "order": order_topic,
    "aside": aside_topic,
    "either": either_topic,
}


def topic_example(rng: Random) -> Example:
    """A topics line of a suitable length."""
    while True:
        example = TOPIC_MAKERS[weighted(rng, TOPIC_KINDS)](rng)
        if MIN_TOKENS <= len(example.text.split()) <= MAX_TOKENS:
            return example


def with_noise(rng: Random, examples: Sequence[Example]) -> list[Example]:
    """The examples with a share of the labels replaced by a wrong one."""
    noisy = list(examples)
    for index in rng.sample(range(len(noisy)), round(LABEL_NOISE * len(noisy))):
        wrong = [topic for topic in en.TOPIC_TEMPLATES if topic not in noisy[index].labels]
        noisy[index] = Example((rng.choice(wrong),), noisy[index].text)
    return noisy


# ---------------------------------------------------------------- tags


def tagged_rows(block: str) -> list[tuple[list[str], str]]:
    """The ``tag, tag :: text`` rows of a block; the tag ``none`` stands for no tag."""
    pairs = (row.split(" :: ") for row in rows(block))
    return [([tag for tag in tags.split(", ") if tag != "none"], text) for tags, text in pairs]


def place_sentence(place: str, problem: str) -> str:
    """Add the place to the problem, in front of a statement or after a question."""
    if problem.split()[0] in QUESTION_WORDS:
        return f"{problem} ? this is {place} ."
    return f"{place} , {problem} ."


def forget(rng: Random, tags: Sequence[str]) -> list[str]:
    """The tags of a problem, now and then with one of several left out."""
    kept = list(tags)
    if len(kept) > 1 and rng.random() < FORGOTTEN_SHARE:
        kept.remove(rng.choice(kept))
    return kept


def tag_example(rng: Random) -> Example:
    """A home repair question with one to three tags."""
    first = weighted(rng, tag_words.TAG_WEIGHTS)
    problems = [row for row in tagged_rows(tag_words.TAG_PROBLEMS) if row[0][0] == first]
    tags, template = rng.choice(problems)
    text = fill(rng, template, tag_words.TAG_SLOTS)
    found = forget(rng, tags)
    if PLACED_TAGS.isdisjoint(tags) and rng.random() < PLACE_SHARE:
        places = tag_words.TAG_PLACES.get(first, tag_words.TAG_PLACES[""])
        place_tags, place = rng.choice(tagged_rows(places))
        text = place_sentence(place, text)
        found += place_tags if rng.random() < PLACE_TAG_SHARE else []
    else:
        text += " ?" if text.split()[0] in QUESTION_WORDS else " ."
    if rng.random() < EXTRA_SHARE:
        extra_tags, extra = rng.choice(tagged_rows(tag_words.TAG_EXTRAS))
        text = f"{text} {extra}"
        found += extra_tags if rng.random() < EXTRA_TAG_SHARE else []
    return Example(tuple(dict.fromkeys(found))[:MAX_TAGS], tidy(text))


# ---------------------------------------------------------------- Chinese titles


def zh_example(rng: Random) -> Example:
    """A title cut into words."""
    if rng.random() < ZH_MIXED_SHARE:
        labels, template = rng.choice(rows(zh.ZH_MIXED)).split(" :: ")
        label = rng.choices(labels.split(), weights=[3, 1])[0]
    else:
        label = rng.choice(list(zh.ZH_TEMPLATES))
        template = rng.choice(rows(zh.ZH_TEMPLATES[label]))
    return Example((label,), fill(rng, template, zh.ZH_SLOTS))


def by_character(example: Example) -> Example:
    """The same title with one CJK character a token; Latin and digit runs stay whole."""
    return Example(example.labels, " ".join(CJK_OR_RUN.findall(example.text)))


# ---------------------------------------------------------------- raw reviews


@dataclass(frozen=True)
class Product:
    """Something that is reviewed: its sentences come from the lists of its kind."""

    name: str
    kind: str
    verdicts: Mapping[str, int]
    slots: Mapping[str, str]


def products() -> list[Product]:
    """The products, of which every third is good and every third bad."""
    found: list[Product] = []
    names = {"goods": ["well", "badly"], "hotel": ["near"], "restaurant": ["drink"]}
    for kind, block in rv.PRODUCTS.items():
        lines = rows(block)
        for first, second in zip(lines[::2], lines[1::2], strict=True):
            name, noun, part = first.split(" :: ")
            own = dict(zip(names[kind], second.strip().split(" :: "), strict=True))
            verdicts = rv.PRODUCT_VERDICTS[len(found) % len(rv.PRODUCT_VERDICTS)]
            slots = rv.REVIEW_SLOTS | {"noun": noun, "part": part} | own
            found.append(Product(name, kind, verdicts, slots))
    return found


def chance(rng: Random, mark: str) -> bool:
    """Whether a review gets one of the ``MARKS``."""
    return rng.random() * 100 < MARKS[mark]


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def contrast(rng: Random, praise: str, complaint: str) -> str:
    """The two in one sentence or in two."""
    first, second = rng.sample([praise, complaint], 2)
    link = rng.choice(rv.CONTRASTS.split(" | "))
    return f"{first}{link} {second}"


def opinions(rng: Random, product: Product, verdict: str) -> list[str]:
    """What a review praises and complains about."""

    def said(block: Mapping[str, str], count: int = 1) -> list[str]:
        templates = rng.sample(rows(block[""]) + 3 * rows(block[product.kind]), count)
        return [fill(rng, text, product.slots) for text in dict.fromkeys(templates)]

    if verdict == "mixed feelings":
        return [
            contrast(rng, *said(rv.PRAISE), *said(rv.COMPLAINTS))
            for _ in range(rng.choice([1, 1, 2]))
        ]
    good = verdict == "very good"
    side, other = (rv.PRAISE, rv.COMPLAINTS) if good else (rv.COMPLAINTS, rv.PRAISE)
    found = said(side, rng.choice([1, 2, 2, 3]))
    if rng.random() < OTHER_SIDE_SHARE:
        opening = rng.choice(options(rv.GRIPES if good else rv.CONCESSIONS))
        found.append(f"{opening} {said(other)[0]}")
    return found


def review_sentences(rng: Random, product: Product, verdict: str) -> list[str]:
    """The sentences of a review, without any marks."""
    found = opinions(rng, product, verdict)
    if rng.random() < 0.5:
        found.insert(0, fill(rng, rng.choice(rows(rv.FACTS[product.kind])), product.slots))
    if rng.random() < 0.6:
        found.append(rng.choice(options(rv.CLOSERS[verdict if rng.random() < 0.7 else ""])))
    return [sentence(tidy(text)) for text in found]


def marked(rng: Random, sentences: Sequence[str]) -> str:
    """The review as the shop has it: with line breaks, HTML, links, capitals and odd spaces."""
    found = list(sentences)
    at = rng.randrange(len(found))
    if chance(rng, "shout"):
        found[at] = found[at].upper()
    if chance(rng, "exclaim"):
        found[-1] = found[-1].rstrip(".") + rng.choice(["!", "!!", "!!!", "!!!!!"])
    if chance(rng, "bold"):
        words = found[at].split(" ")
        place = rng.randrange(max(1, len(words) - 1))
        words[place] = f"<b>{words[place]}</b>"
        found[at] = " ".join(words)
    if chance(rng, "quote"):
        found[at] = f'"{found[at]}"'
    if chance(rng, "link"):
        link = rng.choice(options(rv.LINKS))
        found.append(link.replace("{page}", str(rng.randrange(1000, 100000))))
    between = " "
    if chance(rng, "break"):
        between = rng.choice(["\n", "\n", "\n\n"])
    elif chance(rng, "html break"):
        between = rng.choice(["<br />", "<br />", "<br /><br />"])
    text = between.join(found)
    if chance(rng, "entity"):
        text = text.replace(" and ", " &amp; ").replace('"', "&quot;")
    if chance(rng, "no-break space"):
        text = re.sub(r"(?<=\d) (?=€|minutes|days)", "\u00a0", text)
    return unicodedata.normalize("NFD", text) if chance(rng, "decomposed") else text


def review_title(rng: Random, product: Product, verdict: str) -> str:
    """A title, often one that does not tell the verdict and now and then none."""
    kind = rng.random()
    if kind < 0.03:
        return ""
    template = rng.choice(rv.TITLES[verdict if kind < 0.6 else ""].split(" | "))
    title = sentence(tidy(fill(rng, template, product.slots)).strip()).rstrip(".")
    style = rng.random()
    return title.upper() if style < 0.06 else title + "!" if style < 0.16 else title


def words_of(text: str) -> frozenset[str]:
    """The words of a review, to compare it with others."""
    return frozenset(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))


def review_rows(rng: Random, count: int) -> list[Review]:
    """Reviews of which no two have nearly the same words."""
    everything = products()
    found: list[Review] = []
    bags: list[frozenset[str]] = []
    while len(found) < count:
        product = rng.choice(everything)
        verdict = weighted(rng, product.verdicts)
        sentences = review_sentences(rng, product, verdict)
        bag = words_of(" ".join(sentences))
        if len(bag) < 6 or any(len(bag & old) > MAX_OVERLAP * len(bag | old) for old in bags):
            continue
        bags.append(bag)
        title, text = review_title(rng, product, verdict), marked(rng, sentences)
        day = FIRST_DAY + timedelta(rng.randrange(DAYS))
        found.append(Review(0, day.isoformat(), verdict, title, text, product.name))
    for index in rng.sample(range(len(found)), round(VERDICT_NOISE * len(found))):
        wrong = [verdict for verdict in rv.VERDICTS if verdict != found[index].verdict]
        found[index] = replace(found[index], verdict=rng.choice(wrong))
    return found


def nearly(rng: Random, text: str, word: bool) -> str:
    """The text with one word or one punctuation mark changed."""
    changes: Mapping[str, str] = rv.SWAPS if word else PUNCTUATION
    pattern = r"\b(?:" + "|".join(rv.SWAPS) + r")\b" if word else r"[.,!](?=\s|$)"
    match = rng.choice(list(re.finditer(pattern, text)))
    return text[: match.start()] + changes[match[0]] + text[match.end() :]


def reviews(rng: Random) -> list[Review]:
    """The rows of the reviews: some of them twice, some nearly so."""
    found = review_rows(rng, REVIEWS)
    long = [row for row in found if len(row.review.split()) >= 20 and "http" not in row.review]
    again = rng.sample(long, EXACT_COPIES + NEAR_COPIES)
    for index, row in enumerate(again[EXACT_COPIES:], EXACT_COPIES):
        again[index] = replace(row, review=nearly(rng, row.review, index % 2 == 0))
    found += again
    rng.shuffle(found)
    return [replace(row, id=number) for number, row in enumerate(found, FIRST_ID)]


def new_review_table(rng: Random) -> list[Sequence[object]]:
    """The rows of reviews that nobody has judged, with their header."""
    names = [field.name for field in fields(Review) if field.name != "verdict"]
    found = [
        replace(row, id=number)
        for number, row in enumerate(review_rows(rng, NEW_REVIEWS), FIRST_NEW_ID)
    ]
    return [names, *([getattr(row, name) for name in names] for row in found)]


def render_csv(found: Iterable[Sequence[object]]) -> bytes:
    """The bytes of a CSV file, quoted as RFC 4180 says, with LF at the end of a row."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(found)
    return out.getvalue().encode()


def review_table(found: Iterable[Review]) -> list[Sequence[object]]:
    """The rows of the reviews, with their header."""
    return [[field.name for field in fields(Review)], *map(astuple, found)]


# ---------------------------------------------------------------- raw news titles


def bind(rng: Random, template: str, slots: Mapping[str, str]) -> str:
    """Replace each ``{slot}``; a slot named twice gets the same words."""
    chosen = {name: rng.choice(options(slots[name])) for name in SLOT.findall(template)}
    return SLOT.sub(lambda match: chosen[match[1]], template)


def plain_news(rng: Random) -> News:
    """A title with its summary, without any marks."""
    if rng.random() < TWO_TOPICS_SHARE:
        lines, place = rows(news.TWO_TOPICS), 0
    else:
        topic = weighted(rng, news.TOPIC_SHARES)
        lines, place = rows(news.TITLES[topic]), 1
    index = 2 * rng.randrange(len(lines) // 2)
    head, summary = bind(rng, "\n".join(lines[index : index + 2]), news.SLOTS).split("\n")
    topics, title = (topic, head) if place else head.split(" :: ")
    listed = topics.split()
    if len(listed) > 1 and rng.random() < ONE_LISTED_SHARE:
        listed.remove(rng.choice(listed))
    return News(title, summary, tuple(listed), rng.choice(options(news.SOURCES)))


def marked_news(rng: Random, item: News) -> News:
    """The title as a site has it: with full-width letters, HTML spaces and links."""
    marks = {mark for mark, percent in NEWS_MARKS.items() if rng.random() * 100 < percent}
    title, summary = item.title, item.summary
    if "wide" in marks:
        title, summary = title.translate(FULL_WIDTH), summary.translate(FULL_WIDTH)
    if "extra" in marks:
        title = rng.choice(news.TITLE_EXTRAS.split(" | ")).replace("{}", title)
    if "lead" in marks:
        summary = rng.choice(news.LEADS.split(" | ")) + summary
    if "nbsp" in marks:
        summary = rng.choice(["&nbsp;&nbsp;", "&nbsp;"]) + summary
    if "link" in marks:
        link = rng.choice(options(news.LINKS))
        summary += link.replace("{page}", str(rng.randrange(1000, 100000)))
    return replace(item, title=title, summary=summary)


def news_rows(rng: Random) -> list[News]:
    """The news; a few come again from another source, half of them in full-width letters."""
    plain: dict[str, News] = {}
    while len(plain) < NEWS:
        item = plain_news(rng)
        plain.setdefault(item.title, item)
    found = [marked_news(rng, item) for item in plain.values()]
    digits = [item for item in plain.values() if item in found and re.search(r"\d", item.title)]
    for index, item in enumerate(rng.sample(digits, REPRINTS)):
        source = rng.choice([name for name in options(news.SOURCES) if name != item.source])
        again = replace(item, source=source)
        if index % 2:
            wide = (item.title.translate(FULL_WIDTH), item.summary.translate(FULL_WIDTH))
            again = replace(again, title=wide[0], summary=wide[1])
        found.append(again)
    rng.shuffle(found)
    return found


def render_json(found: Sequence[News]) -> bytes:
    """The bytes of a file with one JSON object a line."""
    lines = (json.dumps(vars(item), ensure_ascii=False) for item in found)
    return "".join(f"{line}\n" for line in lines).encode()


# ---------------------------------------------------------------- files


def unique_examples(
    rng: Random, make: Maker, count: int, others: Sequence[Example] = ()
) -> list[Example]:
    """``count`` examples whose texts all differ, also from ``others`` and without spaces."""
    known = {example.text.replace(" ", "") for example in others}
    found: list[Example] = []
    while len(found) < count:
        example = make(rng)
        key = example.text.replace(" ", "")
        if key not in known:
            known.add(key)
            found.append(example)
    return found


def render(examples: Sequence[Example]) -> bytes:
    """The bytes of a corpus file."""
    return "".join(example.line() for example in examples).encode()


def build(seed: int = SEED) -> dict[str, bytes]:
    """Every file by name."""
    topics_rng, tags_rng, zh_rng = Random(seed), Random(seed + 1), Random(seed + 2)
    topics = unique_examples(topics_rng, topic_example, 1200)
    tags = unique_examples(tags_rng, tag_example, 1200)
    titles = unique_examples(zh_rng, zh_example, 1050)
    chars = [by_character(title) for title in titles]
    # With seeds of their own, so that the other files stay what they were before there were these.
    topics_valid = unique_examples(Random(seed + 5), topic_example, VALID, topics)
    tags_valid = unique_examples(Random(seed + 6), tag_example, VALID, tags)
    titles_valid = unique_examples(Random(seed + 7), zh_example, VALID, titles)
    return {
        "topics.train.txt": render(with_noise(topics_rng, topics[:900])),
        "topics.valid.txt": render(topics_valid),
        "topics.test.txt": render(topics[900:]),
        "tags.train.txt": render(tags[:900]),
        "tags.valid.txt": render(tags_valid),
        "tags.test.txt": render(tags[900:]),
        "zh-words.train.txt": render(titles[:800]),
        "zh-words.valid.txt": render(titles_valid),
        "zh-words.test.txt": render(titles[800:]),
        "zh-chars.train.txt": render(chars[:800]),
        "zh-chars.valid.txt": render([by_character(title) for title in titles_valid]),
        "zh-chars.test.txt": render(chars[800:]),
        "reviews.csv": render_csv(review_table(reviews(Random(seed + 3)))),
        "new-reviews.csv": render_csv(new_review_table(Random(seed + 9))),
        "titles.jsonl": render_json(news_rows(Random(seed + 4))),
        **{name: render_csv(rows) for name, rows in tables.build(seed + 8).items()},
    }


def stale_files(files: Mapping[str, bytes]) -> list[str]:
    """Names of the files that are missing on disk or differ from ``files``."""
    paths = {name: HERE / name for name in files}
    return [
        name
        for name, path in paths.items()
        if not path.is_file() or path.read_bytes() != files[name]
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or only compare them with ``--check``."""
    parser = argparse.ArgumentParser(description="Write the sample corpora.")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on a difference")
    options_given = parser.parse_args(arguments)
    files = build()
    if options_given.check:
        stale = stale_files(files)
        for name in stale:
            print(f"differs: {name}", file=sys.stderr)
        return 1 if stale else 0
    for name, data in files.items():
        (HERE / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
