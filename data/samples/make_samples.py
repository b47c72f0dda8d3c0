"""Write the sample corpora of this folder, in fastText's format.

The text is made from the word lists and sentence templates in ``_words.py``, ``_words_tags.py``
and ``_words_zh.py`` with a seeded random generator, so a run always gives the same bytes::

    python data/samples/make_samples.py            # rewrite the files beside this script
    python data/samples/make_samples.py --check    # exit 1 if a file on disk differs
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import _words as en
import _words_tags as tag_words
import _words_zh as zh

HERE = Path(__file__).resolve().parent
SEED = 20240

LABEL_NOISE = 0.03  # share of the topics training lines that get a wrong label
MIN_TOKENS, MAX_TOKENS = 8, 25  # length of a topics line, label not counted

# How a topics line is made, and how often (in percent).
TOPIC_KINDS = {"plain": 85, "order": 7, "aside": 5, "either": 3}
ZH_MIXED_SHARE = 0.14  # titles that could carry either of two labels
PLACE_SHARE, PLACE_TAG_SHARE = 0.55, 0.85
EXTRA_SHARE, EXTRA_TAG_SHARE = 0.6, 0.75
FORGOTTEN_SHARE = 0.2  # questions with several tags of which the writer left one out
MAX_TAGS = 3

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


Maker = Callable[[Random], Example]


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


# ---------------------------------------------------------------- files


def unique_examples(rng: Random, make: Maker, count: int) -> list[Example]:
    """``count`` examples whose texts all differ, also when spaces are left out."""
    found: dict[str, Example] = {}
    while len(found) < count:
        example = make(rng)
        found.setdefault(example.text.replace(" ", ""), example)
    return list(found.values())


def render(examples: Sequence[Example]) -> bytes:
    """The bytes of a corpus file."""
    return "".join(example.line() for example in examples).encode()


def build(seed: int = SEED) -> dict[str, bytes]:
    """Every corpus file by name."""
    topics_rng, tags_rng, zh_rng = Random(seed), Random(seed + 1), Random(seed + 2)
    topics = unique_examples(topics_rng, topic_example, 1200)
    tags = unique_examples(tags_rng, tag_example, 1200)
    titles = unique_examples(zh_rng, zh_example, 1050)
    chars = [by_character(title) for title in titles]
    return {
        "topics.train.txt": render(with_noise(topics_rng, topics[:900])),
        "topics.test.txt": render(topics[900:]),
        "tags.train.txt": render(tags[:900]),
        "tags.test.txt": render(tags[900:]),
        "zh-words.train.txt": render(titles[:800]),
        "zh-words.test.txt": render(titles[800:]),
        "zh-chars.train.txt": render(chars[:800]),
        "zh-chars.test.txt": render(chars[800:]),
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
