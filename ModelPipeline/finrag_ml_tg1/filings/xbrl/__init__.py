"""The numbers and notes a filer tagged in inline XBRL, read from the parsed HTML alone: no taxonomy, no network.

What cannot be read exactly is reported as an issue and left out; nothing here guesses a value.
"""
