"""What ships with the package: data, each with its source and licence."""
