"""What every page that people look at is made of: one file that works offline, in light and dark, by keyboard."""
