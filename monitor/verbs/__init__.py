"""The commands of `netvigil NOUN VERB`, one module per group of nouns."""
