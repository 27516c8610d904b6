"""The special tokens, by names llama.cpp recognises; a number in a sample is a place in this list."""

SPECIAL = [
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
]
END, PREFIX, SUFFIX, MIDDLE, PAD, REPO, FILE = range(len(SPECIAL))
