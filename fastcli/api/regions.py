"""The picture of --plot-regions: decision regions in colours, and training points on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.api.curves import save_figure
from fastcli.notices import say
from fastcli.printable import counted, printable, shortened

if TYPE_CHECKING:
    from fastcli.mlp.regions import Regions

# Colours that people with any kind of colour blindness tell apart (Okabe and Ito 2008), the
# darkest pair first; the shapes of points differ as well.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#666666")
SHADES = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0))  # of them in turn: how much of which grey is in it
MARKERS = "os^DvPX*<>"
MOST_NAMES = 24  # of a legend
LONGEST_NAME = 24


def plot_regions(path: str, found: Regions) -> None:
    """Draw the regions to a file.  Raises FastcliError if it cannot be written."""
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    n = len(found.names)
    colours = [colour_of(k) for k in range(n)]
    if n > (most := len(COLOURS) * len(SHADES)):
        say(f"{printable(path)}: {n:,} labels share {most} colours; regions have borders.")
    (left, bottom), (right, top) = found.low, found.high
    axes.imshow(
        found.best,
        extent=(left, right, bottom, top),
        origin="lower",
        cmap=ListedColormap(colours),
        vmin=-0.5,
        vmax=n - 0.5,
        alpha=0.3,
        aspect="auto",
        interpolation="nearest",
    )
    for k in range(n):
        is_best = found.best == k
        if is_best.any() and not is_best.all():
            sides = (left, right, bottom, top)
            axes.contour(is_best, levels=[0.5], colors="0.35", linewidths=0.6, extent=sides)
    size = 36 if len(found.points) <= 300 else 12
    for k in range(n):
        points = found.points[found.labels == k]
        if len(points):
            axes.scatter(
                points[:, 0],
                points[:, 1],
                s=size,
                c=[colours[k]],
                marker=MARKERS[k % len(MARKERS)],
                edgecolors="white" if size < 36 else "black",
                linewidths=0.3 if size < 36 else 0.8,
                label=_plain(found.names[k]) if k < MOST_NAMES else "_",
            )
    drawn = f", {len(found.points):,} of them drawn" if len(found.points) < found.n else ""
    axes.set_title(
        f"{found.n_right:,} of {counted(found.n, 'training point')} in a region of their label"
        f"{drawn}",
        fontsize="medium",
    )
    axes.set(xlabel=_plain(found.axes[0]), ylabel=_plain(found.axes[1]))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    title = "label" if n <= MOST_NAMES else f"label ({MOST_NAMES} of {n:,})"
    figure.legend(title=title, loc="outside right upper", frameon=False)
    save_figure(path, figure)


def colour_of(k: int) -> tuple[float, float, float]:
    """Return the colour of label k: after all colours darker ones come, then lighter ones."""
    from matplotlib.colors import to_rgb

    share, grey = SHADES[k // len(COLOURS) % len(SHADES)]
    red, green, blue = (
        (1 - share) * part + share * grey for part in to_rgb(COLOURS[k % len(COLOURS)])
    )
    return red, green, blue


def _plain(name: str) -> str:
    """Return a name as matplotlib shows it: no formula, no control characters, not too long."""
    name = shortened(printable(name), LONGEST_NAME).replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name  # it hides what begins so
