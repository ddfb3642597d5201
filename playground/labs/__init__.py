"""The labs, a folder each; in it a module for each experiment."""
