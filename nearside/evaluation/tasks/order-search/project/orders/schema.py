"""The database of orders."""

from __future__ import annotations

import sqlite3

SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, password TEXT NOT NULL);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL REFERENCES customers,
    article TEXT NOT NULL,
    placed TEXT NOT NULL,
    cents INTEGER NOT NULL
);
"""


def connect(path: str = ":memory:") -> sqlite3.Connection:
    """Return a connection to a database with its tables made."""
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    return connection


def add_customer(connection: sqlite3.Connection, name: str, password: str) -> int:
    """Add a customer and return the number."""
    return connection.execute("INSERT INTO customers (name, password) VALUES (?, ?)", (name, password)).lastrowid or 0


def add_order(connection: sqlite3.Connection, customer: int, article: str, placed: str, cents: int) -> int:
    """Add an order and return its number."""
    row = (customer, article, placed, cents)
    return connection.execute(
        "INSERT INTO orders (customer, article, placed, cents) VALUES (?, ?, ?, ?)", row
    ).lastrowid or 0
