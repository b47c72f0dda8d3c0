"""Write the screens anew."""

from tests.screens.shown import screens, shown

for path, command in screens():
    path.write_text(f"$ {command}\n{shown(command)}", encoding="utf-8")
