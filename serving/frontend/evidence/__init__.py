"""The source pane: the words of a filing that an answer rests on."""
