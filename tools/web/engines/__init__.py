"""One module for each search engine, with one function: what is asked, as results."""
