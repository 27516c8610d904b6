"""How the bundled completion model is made: corpus, tokenizer, samples, training, export, evaluation."""
