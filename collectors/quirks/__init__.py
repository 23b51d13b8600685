"""One function per platform for what the vocabulary of platform files cannot say."""
