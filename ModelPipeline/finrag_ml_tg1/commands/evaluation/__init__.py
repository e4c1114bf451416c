"""The commands of `finrag eval`, by what they measure."""
