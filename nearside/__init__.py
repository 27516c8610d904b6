"""The command line of Nearside: it puts the other packages together and owns no logic of theirs."""

__version__ = "0.1.0"
