"""The files of the deploy kit, held against the descriptor `sevalla.yml`: one module for each kind of file."""
