"""Write the screens anew."""

from tests.screens.shown import played, screens

for path in screens():
    text = path.read_text(encoding="utf-8")
    path.write_text(played(text), encoding="utf-8")
