"""Tables for the terminal: drawn where there is one, aligned with blanks elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from inference.cost.tables import Table


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


def printable(text: str) -> str:
    """Return text without what would steer a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def aligned(table: Table) -> str:
    """Return a table as lines of text."""
    rows = [table.columns, *table.rows, *([table.total] if table.total else [])]
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(table.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join([f"{table.title}. {table.about}".rstrip(), *(line.rstrip() for line in lines)])
