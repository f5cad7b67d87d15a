"""Documents against the schemas of those who read them, which are given as a folder and no part of this project."""
