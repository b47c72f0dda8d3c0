"""Images moved in plain NumPy: by the matrix of the way there, whose inverse is the way back."""

import math

import numpy as np


def forward_matrix(size, turn, factor, shift, flips):
    """Return the 3x3 matrix from places (row, column, 1) of an image to those of the new one."""
    middle = (size[0] - 1) / 2, (size[1] - 1) / 2
    to_middle, back = np.eye(3), np.eye(3)
    to_middle[:2, 2] = -middle[0], -middle[1]
    back[:2, 2] = middle[0] + shift[0], middle[1] + shift[1]
    mirror = np.diag([-1.0 if flips[0] else 1.0, -1.0 if flips[1] else 1.0, 1.0])
    zoom = np.diag([factor, factor, 1.0])
    # Counterclockwise, with rows that count downwards.
    rotate = np.eye(3)
    rotate[:2, :2] = [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    return back @ rotate @ zoom @ mirror @ to_middle


def moved(image, matrix, background):
    """Return an image float64[height, width, channels] moved, by bilinear interpolation."""
    height, width, channels = image.shape
    inverse, out = np.linalg.inv(matrix), np.empty(image.shape)

    def at(r, c):
        is_inside = 0 <= r < height and 0 <= c < width
        return image[r, c] if is_inside else background

    for r in range(height):
        for c in range(width):
            y, x, _ = inverse @ [r, c, 1]
            # What is whole but for rounding stays so: else a corner might be outside by it.
            y, x = (round(v) if abs(v - round(v)) < 1e-9 else v for v in (y, x))
            top, left = math.floor(y), math.floor(x)
            down, right = y - top, x - left
            out[r, c] = (
                (1 - down) * (1 - right) * at(top, left)
                + (1 - down) * right * at(top, left + 1)
                + down * (1 - right) * at(top + 1, left)
                + down * right * at(top + 1, left + 1)
            )
    assert out.shape[2] == channels
    return out
