"""Augmentation of images: the kernel by its twin, what is drawn, and what the options say."""

import math

import numpy as np
import pytest

from fastcli.errors import ArgumentError
from fastcli.mlp import trainer
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.augmentations import Augmentation, ImageSize, parse_augment, parse_image
from fastcli.mlp.augmented_images import PURPOSE, AugmentedImages, places_of
from fastcli.mlp.examples import of_dense
from fastcli.mlp.feature_rows import RawRows
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.network import stride
from tests import naive_images
from tests.cli.test_mlp import config_of, one_sentence, scores
from tests.command import PLAIN, run

ALL = "rotate:40,flip,flip-vertical:0.3,zoom:0.3,shift:2"
STILL = "rotate:40,flip,flip-vertical:0.3,zoom:0.3"  # for images of one row or column
SIZES = ["7x5", "6x6x3", "3x4x6", "1x9", "8x1x2"]


def images_as_rows(pixels, size):
    """Return images [n, height, width, channels] as rows of numbers."""
    if size.planes:
        pixels = pixels.transpose(0, 3, 1, 2)
    return pixels.reshape(len(pixels), -1)


def rows_as_images(rows, size):
    n = len(rows)
    if size.planes:
        return rows.reshape(n, size.channels, size.height, size.width).transpose(0, 2, 3, 1)
    return rows.reshape(n, size.height, size.width, size.channels)


def setting(text="7x5", augment=ALL, n=40, scale="standard", seed=0, thread=1, is_fixed=False):
    """Return random images, their columns, and what changes them."""
    size = parse_image(text)
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (n, size.height, size.width, size.channels)).astype(np.float64)
    pixels[:, 0, :2] = 7  # constant columns
    rows = images_as_rows(pixels, size)
    columns = new_columns(rows.shape[1])
    raw = RawRows.of(rows)
    columns.fit(raw, scale)
    row = stride(rows.shape[1])
    dense = columns.standardize(raw, row)
    examples = of_dense(dense, row, np.zeros(n, np.int32), np.arange(n + 1))
    args = MlpArgs(
        input=("i.csv",),
        output="m",
        image=text,
        augment=augment,
        scale=scale,
        seed=seed,
        thread=thread,
    )
    args.check()
    return pixels, columns, AugmentedImages(args.resolved(), columns, examples, is_fixed)


def new_columns(n):
    nothing = np.zeros(0)
    return FeatureColumns("libsvm", "", [], -1, n, 1, nothing, nothing, nothing, [], 0)


def pixels_of(examples, columns, size):
    """Return the pixels of examples, as they would have been read."""
    rows = examples.dense.reshape(examples.n, -1)[:, : size.n_columns].astype(np.float64)
    return rows_as_images(rows / columns.scale + columns.mean, size)


def drawn(seed, epoch, n, changes):
    """Return what is drawn for the images of an epoch, in its order."""
    rng = np.random.default_rng([seed, PURPOSE, epoch])
    turn = math.radians(changes.rotate) * rng.uniform(-1, 1, n)
    factor = 1 + changes.zoom * rng.uniform(-1, 1, n)
    shifts = np.floor(rng.random((2, n)) * (2 * changes.shift + 1)) - changes.shift
    chances = rng.random((2, n))
    flips = np.stack([chances[1] < changes.flip_vertical, chances[0] < changes.flip])
    return turn, factor, shifts.T, flips.T


@pytest.mark.parametrize("scale", ["standard", "minmax", "none"])
@pytest.mark.parametrize("text", SIZES)
def test_images_are_moved_as_their_twins(text, scale):
    changes = STILL if "1" in text else ALL
    pixels, columns, augment = setting(text, changes, scale=scale, seed=3)
    size, n = augment.size, len(pixels)
    found = pixels_of(augment(2), columns, size)
    turn, factor, shifts, flips = drawn(3, 2, n, augment.changes)
    assert len({tuple(one) for one in flips}) > 1
    for i in range(n):
        matrix = naive_images.forward_matrix(
            (size.height, size.width), turn[i], factor[i], shifts[i], flips[i]
        )
        ref = naive_images.moved(pixels[i], matrix, augment.background)
        np.testing.assert_allclose(found[i], ref, rtol=1e-6, atol=1e-4)  # of 255


@pytest.mark.parametrize("text", SIZES)
def test_places_are_those_of_the_inverse(text):
    size, n = parse_image(text), 50
    changes = parse_augment(STILL if "1" in text else ALL, size)
    places = places_of(np.random.default_rng([1, PURPOSE, 0]), n, size, changes)
    for one, *numbers in zip(places, *drawn(1, 0, n, changes), strict=True):
        matrix = naive_images.forward_matrix((size.height, size.width), *numbers)
        np.testing.assert_allclose(one.reshape(2, 3), np.linalg.inv(matrix)[:2], atol=1e-12)


@pytest.mark.parametrize("text", ["6x6", "5x6x3", "3x5x6"])
def test_mirrored_and_shifted_images_keep_their_pixels(text):
    pixels, columns, augment = setting(text, "flip,shift:2", seed=1)
    size, n = augment.size, len(pixels)
    found = pixels_of(augment(0), columns, size)
    _, _, shifts, flips = drawn(1, 0, n, augment.changes)
    for image, comp, (down, right), (_, flipped) in zip(pixels, found, shifts, flips, strict=True):
        ref = np.empty(image.shape)
        ref[:] = augment.background
        image = image[:, ::-1] if flipped else image
        rows, places = (np.arange(length) for length in image.shape[:2])
        to_r, to_c = rows + int(down), places + int(right)
        in_r, in_c = (to_r >= 0) & (to_r < len(rows)), (to_c >= 0) & (to_c < len(places))
        ref[np.ix_(to_r[in_r], to_c[in_c])] = image[np.ix_(rows[in_r], places[in_c])]
        np.testing.assert_allclose(comp, ref, atol=1e-4)


def test_noise_has_its_share_of_the_range():
    pixels, columns, augment = setting("20x20", "noise:0.1", n=200)
    low, high = pixels.min(), pixels.max()
    difference = pixels_of(augment(0), columns, augment.size) - pixels
    assert augment.noise == pytest.approx(0.1 * (high - low))
    assert abs(difference.std() / augment.noise - 1) < 0.01
    assert abs(difference.mean()) < 0.01 * augment.noise
    assert np.abs(np.corrcoef(difference[0].ravel(), difference[1].ravel())[0, 1]) < 0.2


def test_amounts_are_bounds():
    changes = Augmentation(rotate=15, zoom=0.2, shift=3)
    turn, factor, shifts, flips = drawn(0, 0, 20000, changes)
    assert 14.9 < np.degrees(np.abs(turn)).max() <= 15
    assert 0.8 <= factor.min() < 0.801 < 1.199 < factor.max() <= 1.2
    found, counts = np.unique(shifts, return_counts=True)
    assert found.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert np.abs(counts / counts.mean() - 1).max() < 0.05
    assert not flips.any()


def test_epochs_differ_and_can_be_made_again():
    _, _, augment = setting(augment=f"{ALL},noise")
    first, second = (augment(epoch).dense.tobytes() for epoch in (0, 1))
    assert first != second
    assert augment(0).dense.tobytes() == first
    other = setting(augment=f"{ALL},noise", seed=1)[2]
    assert other(0).dense.tobytes() != first


def test_images_are_the_same_on_any_number_of_threads():
    one = setting(augment=f"{ALL},noise")[2](5).dense.tobytes()
    for threads in (2, 3, 64):
        assert setting(augment=f"{ALL},noise", thread=threads)[2](5).dense.tobytes() == one


def test_what_was_read_stays():
    pixels, columns, augment = setting()
    before = augment._examples.dense.copy()
    augment(0)
    np.testing.assert_array_equal(augment._examples.dense, before)
    np.testing.assert_allclose(
        pixels_of(augment._examples, columns, augment.size), pixels, atol=1e-4
    )


@pytest.mark.parametrize("text", ["7x5", "6x6x3", "3x4x6"])
def test_all_pixels_of_a_channel_have_one_scale(text):
    pixels, columns, augment = setting(text)
    size = augment.size
    means, scales = (
        rows_as_images(x[None], size)[0].reshape(-1, size.channels)
        for x in (columns.mean, columns.scale)
    )
    flat = pixels.reshape(-1, size.channels)
    np.testing.assert_allclose(means, np.tile(flat.mean(axis=0), (len(means), 1)), rtol=1e-6)
    np.testing.assert_allclose(1 / scales, np.tile(flat.std(axis=0), (len(means), 1)), rtol=1e-6)


def test_columns_of_a_former_network_stay():
    _, columns, augment = setting(is_fixed=True)
    assert len(set(columns.mean)) > 2
    assert (columns.scale == 0).sum() == 2  # those that are constant
    assert np.isfinite(augment(0).dense).all()
    assert "scaled alike" not in augment.sentence()


def test_what_surrounds_images_is_their_border():
    _, _, augment = setting("9x3")
    assert augment.background.shape == (1,)
    assert augment.sentence() == (
        "Images of 9x3 are changed anew in each epoch and all pixels scaled alike; pixels from "
        f"outside are {augment.background[0]:g}, the median of the borders."
    )


# ------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("28x28", ImageSize(28, 28)),
        (" 8X9 ", ImageSize(8, 9)),
        ("32x32x3", ImageSize(32, 32, 3)),
        ("32x32x1", ImageSize(32, 32, 1)),
        ("3x32x30", ImageSize(32, 30, 3, planes=True)),
        ("2x3x4", ImageSize(2, 3, 4)),
    ],
)
def test_sizes(text, size):
    assert parse_image(text) == size


@pytest.mark.parametrize(
    "text", ["", "28", "28x", "0x3", "axb", "2.5x3", "-3x4", "3x3x3x3", "9x9x9", "1" * 99 + "x2"]
)
def test_sizes_that_are_none(text):
    with pytest.raises(ArgumentError, match=r"--image .*(such as 28x28|give height)"):
        parse_image(text)


def test_amounts():
    size = ImageSize(28, 28)
    usual = Augmentation(rotate=10, flip=0.5, flip_vertical=0.5, zoom=0.1, shift=2, noise=0.05)
    assert parse_augment("rotate,flip,flip_vertical,zoom,shift,noise", size) == usual
    assert parse_augment("rotate:5, Shift:3", size) == Augmentation(rotate=5, shift=3)
    assert parse_augment("shift", ImageSize(8, 8)) == Augmentation(shift=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rotat", r"unknown 'rotat' \(did you mean rotate\?\)"),
        ("blur", "Known: rotate, flip, flip-vertical, zoom, shift, noise"),
        ("rotate,rotate:3", "has rotate twice"),
        ("rotate:200", "must be degrees up to 180"),
        ("rotate:x", "must be degrees up to 180"),
        ("shift:0.5", "must be a whole number of pixels below the smaller side, 8, above 0"),
        ("shift:8", "must be a whole number of pixels below the smaller side, 8"),
        ("shift:1e20", "must be a whole number of pixels below the smaller side, 8"),
        ("zoom:1", "must be a share up to 0.9"),
        ("flip:0", "must be a chance up to 1, above 0"),
        ("noise:nan", "must be a share of the range"),
    ],
)
def test_changes_that_are_none(text, said):
    with pytest.raises(ArgumentError, match=said):
        parse_augment(text, ImageSize(9, 8))


def test_images_of_one_row_are_not_shifted():
    assert parse_augment("shift:7", ImageSize(9, 8)) == Augmentation(shift=7)
    for text in ("shift", "flip,shift:1"):
        with pytest.raises(ArgumentError, match="needs images of two rows and columns"):
            parse_augment(text, ImageSize(1, 8))


# ----------------------------------------------------------------- the command line

QUIET = ["-thread", 1, "-verbose", 0]
SHAPES = {"bar": [(0, 0), (0, 1), (0, 2)], "dot": [(1, 1)], "edge": [(0, 0), (1, 0), (1, 1)]}


def write_shapes(path, shifts, header=""):
    """Write images of 9x9 with shapes at some distances from the middle."""
    lines = [header] if header else []
    for name, places in SHAPES.items():
        for down, right in shifts:
            image = np.zeros((9, 9), int)
            for r, c in places:
                image[3 + r + down, 3 + c + right] = 200
            lines.append(",".join(map(str, [*image.ravel(), name])))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_shifted_shapes_are_known_by_augmentation(tmp_path):
    train = write_shapes(tmp_path / "train.csv", [(0, 0)] * 20)
    around = [(r, c) for r in (-2, -1, 0, 1, 2) for c in (-2, -1, 0, 1, 2)]
    test = write_shapes(tmp_path / "test.csv", around)
    usual = [*PLAIN, "-epoch", 60, "-lr", 0.005, "--hidden", 64, "--scale", "minmax", *QUIET]
    found = {}
    for name, options in (("plain", []), ("moved", ["--image", "9x9", "--augment", "shift:2"])):
        out = tmp_path / name
        assert run("mlp-train", "-input", train, "-output", out, *usual, *options).code == 0
        found[name] = scores(f"{out}.mlp", test)["precision"]
    assert found["moved"] > 0.95 > 0.8 > found["plain"]
    args = config_of(tmp_path / "moved.mlp")["args"]
    assert (args["image"], args["augment"]) == ("9x9", "shift:2")
    assert not {"image", "augment"} & config_of(tmp_path / "plain.mlp")["args"].keys()


def test_an_interrupted_run_sees_the_same_images(tmp_path):
    train = write_shapes(tmp_path / "train.csv", [(0, 0), (1, 0), (0, 1)] * 4)
    images = ["--image", "9x9", "--augment", "shift,noise,rotate", "--save-every", 2, *QUIET]
    options = ["-input", train, *PLAIN, "--hidden", 5, "-batch-size", 8, *images]
    assert run("mlp-train", "-output", tmp_path / "whole", *options, "-epoch", 6).code == 0
    assert run("mlp-train", "-output", tmp_path / "parts", *options, "-epoch", 3).code == 0
    parts = ["-output", tmp_path / "parts", *options, "-epoch", 6, "--resume"]
    assert run("mlp-train", *parts).code == 0
    assert (tmp_path / "whole.mlp").read_bytes() == (tmp_path / "parts.mlp").read_bytes()


def test_validation_images_stay_as_they_are(tmp_path, monkeypatch):
    train = write_shapes(tmp_path / "train.csv", [(0, 0), (1, 0)] * 4)
    valid = write_shapes(tmp_path / "valid.csv", [(0, 1), (0, 0)])
    seen = []
    evaluate = trainer.evaluate

    def watched(scorers, examples, *others):
        seen.append(examples.dense.copy())
        return evaluate(scorers, examples, *others)

    monkeypatch.setattr(trainer, "evaluate", watched)
    images = ["--image", "9x9", "--augment", "shift,noise,rotate", "--scale", "minmax"]
    options = ["-epoch", 3, "--valid", valid, *images, *QUIET]
    assert run("mlp-train", "-input", train, "-output", tmp_path / "m", *options).code == 0
    ref = [row.split(",")[:-1] for row in valid.read_text().splitlines()]
    assert len(seen) == 3
    for dense in seen:
        np.testing.assert_allclose(
            dense.reshape(len(ref), -1)[:, :81], np.array(ref, float) / 200, rtol=1e-6
        )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--image", "8x10", "--augment", "flip"],
            "--image 8x10: that is 80 pixel values, and {} has 81 columns of features. Is it 9x9?",
        ),
        (["--augment", "flip"], "--augment needs the size of images, which are rows of pixels: "),
        (["--image", "9x9", "--augment", "flap"], "--augment: unknown 'flap' (did you mean flip?)"),
    ],
)
def test_errors(options, said, tmp_path):
    train = write_shapes(tmp_path / "train.csv", [(0, 0)] * 3)
    options = ["-input", train, "-output", tmp_path / "m", *options, *QUIET]
    assert one_sentence("mlp-train", *options).startswith(said.format(train))


def test_columns_of_words_are_no_pixels(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b,kind\n1,x,p\n2,y,q\n")
    options = ["--image", "1x3", "--augment", "flip", *QUIET]
    said = one_sentence("mlp-train", "-input", path, "-output", tmp_path / "m", *options)
    assert said.startswith(
        f"--image: column b of {path} has words, where all columns but the label"
    )


def test_a_size_alone_has_no_effect(tmp_path):
    train = write_shapes(tmp_path / "train.csv", [(0, 0)] * 3)
    options = ["-epoch", 1, "-thread", 1, "--image", "9x9"]
    result = run("mlp-train", "-input", train, "-output", tmp_path / "m", *options)
    assert "--image: no effect without --augment" in result.err


def test_folds_are_augmented(tmp_path):
    train = write_shapes(tmp_path / "train.csv", [(0, 0)] * 12)
    options = ["-epoch", 4, "-thread", 1, "--image", "9x9", "--augment", "shift", "--folds", 3]
    result = run("mlp-train", "-input", train, "-output", tmp_path / "m", *options)
    assert result.code == 0, result.err


@pytest.mark.parametrize("value", [0.0, 255.0, -3.0, 0.25, 1e-3])
def test_the_background_has_no_digits_of_rounding(value):
    size, rng = parse_image("5x5"), np.random.default_rng(1)
    rows = np.full((30, 25), value)
    rows[:, [6, 7, 12, 17]] = rng.integers(0, 200, (30, 4)) / 7 * (abs(value) or 1)
    rows[3, 0] += 0.1 * (abs(value) or 1)
    columns, raw = new_columns(25), RawRows.of(rows)
    columns.fit(raw, "standard")
    dense = columns.standardize(raw, stride(25))
    examples = of_dense(dense, stride(25), np.zeros(30, np.int32), np.arange(31))
    args = MlpArgs(input=("i",), output="m", image="5x5", augment="flip").resolved()
    found = AugmentedImages(args, columns, examples)
    assert found.background == pytest.approx([value], rel=1e-4, abs=1e-9)
    assert f"pixels from outside are {value:g}, " in found.sentence()
    assert found.size == size
