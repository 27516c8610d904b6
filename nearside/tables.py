"""Tables for the terminal: drawn where there is one, aligned with blanks elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from inference.cost.tables import Table, aligned, printable


def show(tables: Sequence[Table]) -> None:
    """Print tables."""
    if not sys.stdout.isatty():
        print("\n\n".join(map(aligned, tables)) + "\n")
        return
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console()
    for table in tables:
        drawn = Drawn(
            title=table.title, caption=table.about or None, title_justify="left", caption_justify="left"
        )
        for number, name in enumerate(table.columns):
            drawn.add_column(name, justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(printable(cell)) for cell in row))
        if table.total:
            drawn.add_section()
            drawn.add_row(*(Text(cell, style="bold") for cell in table.total))
        console.print(drawn)
        console.print()
