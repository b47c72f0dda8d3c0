"""A report of a test in plain Python, line by line, as its figures are defined."""

import math

EPS = 2.0**-23  # of float32


def naive_report(lines, nlabels, sums_to_one, top):
    """Return the figures of lines, each a set of true labels, a list of those it got, best first,
    and the probabilities of all labels.
    """
    counts = [[0, 0, 0] for _ in range(nlabels)]  # gold, predicted, right
    taken = {}
    sums = dict.fromkeys(
        ("first", "top", "exact", "unlike", "precision", "recall", "f1", "rank", "loss", "brier"), 0
    )
    bins = {}
    for true, got, probs in lines:
        for label in range(nlabels):
            counts[label][0] += label in true
            counts[label][1] += label in got
            counts[label][2] += label in true and label in got
        wrong = [label for label in got if label not in true]
        missed = sorted(true - set(got))
        for label in missed:
            key = label, wrong[0] if wrong else nlabels
            taken[key] = taken.get(key, 0) + 1
        for label in wrong if not missed else []:
            taken[nlabels, label] = taken.get((nlabels, label), 0) + 1
        right = len(true & set(got))
        order = sorted(range(nlabels), key=lambda label: -probs[label])
        sums["first"] += order[0] in true  # whatever thresholds left
        sums["top"] += any(label in true for label in order[:top])
        sums["exact"] += set(got) == true
        sums["unlike"] += len(true ^ set(got))
        sums["precision"] += right / len(got) if got else 0
        sums["recall"] += right / len(true)
        sums["f1"] += 2 * right / (len(true) + len(got))
        ranks = [
            sum(probs[i] >= probs[label] for i in true)
            / sum(probs[i] >= probs[label] for i in range(nlabels))
            for label in true
        ]
        sums["rank"] += sum(ranks) / len(ranks)
        clipped = [min(max(p, EPS), 1 - EPS) for p in probs]
        if sums_to_one:
            sums["loss"] -= sum(math.log(clipped[label]) for label in true) / len(true)
        else:
            sums["loss"] -= sum(
                math.log(p if label in true else 1 - p) for label, p in enumerate(clipped)
            )
        sums["brier"] += sum((p - (label in true)) ** 2 for label, p in enumerate(probs))
        best = order[0]
        number = max(math.ceil(probs[best] * 15) - 1, 0)
        inside = bins.setdefault(number, [0, 0.0])
        inside[0] += best in true
        inside[1] += probs[best]
    n = len(lines)
    labels = [_scores(*some) for some in counts]
    seen = [i for i, some in enumerate(counts) if some[0] + some[1]]
    total = sum(some[0] for some in counts)
    whole = [sum(some[i] for some in counts) for i in range(3)]
    parts = nlabels if not sums_to_one or nlabels == 2 else 1
    return {
        "labels": labels,
        "support": [some[0] for some in counts],
        "seen": seen,
        "confusions": taken,
        "micro": _scores(*whole),
        "macro": [sum(labels[i][j] for i in seen) / len(seen) for j in range(3)],
        "weighted": [
            sum(labels[i][j] * counts[i][0] for i in range(nlabels)) / total for j in range(3)
        ],
        "samples": [sums[name] / n for name in ("precision", "recall", "f1")],
        "accuracy": sums["first"] / n,
        "top": sums["top"] / n,
        "exact_match": sums["exact"] / n,
        "hamming_loss": sums["unlike"] / n / nlabels,
        "ranking": sums["rank"] / n,
        "log_loss": sums["loss"] / n / (1 if sums_to_one else nlabels),
        "brier": sums["brier"] / n / parts,
        "calibration": sum(abs(right - sure) for right, sure in bins.values()) / n,
        "average_precision": _average_precisions(lines, nlabels),
    }


def _scores(gold, predicted, right):
    return (
        right / predicted if predicted else 0.0,
        right / gold if gold else 0.0,
        2 * right / (gold + predicted) if gold + predicted else 0.0,
    )


def _average_precisions(lines, nlabels):
    """Return the average precision of all labels of all lines, and the mean of the labels."""
    pairs = [(p, i in true, i) for true, _, probs in lines for i, p in enumerate(probs)]
    of_labels = [
        naive_average_precision([(p, right) for p, right, i in pairs if i == label])
        for label in range(nlabels)
        if any(label in true for true, _, _ in lines)
    ]
    micro = naive_average_precision([(p, right) for p, right, _ in pairs])
    return micro, sum(of_labels) / len(of_labels)


def naive_average_precision(pairs):
    """Add up precision times the recall gained at every threshold there is."""
    n = sum(right for _, right in pairs)
    total, before = 0.0, 0
    for threshold in sorted({p for p, _ in pairs}, reverse=True):
        made = [right for p, right in pairs if p >= threshold]
        total += sum(made) / len(made) * (sum(made) - before) / n
        before = sum(made)
    return total
