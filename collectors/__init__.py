"""Facts in: ask devices, and say what they said in the words of the house."""
