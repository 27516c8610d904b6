"""Money: what the machine costs, what hosted models cost, and what the ledger says of both."""
