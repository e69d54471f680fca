"""The Hugging Face Hub: what goes there, what is there, and how the one becomes the other."""
