#!/bin/sh
# Answers git's question for a password with what waits in a pipe: once, and only for the server that is meant.
[ "$1" = "Password for '$CODING_AGENT_ASKPASS_FOR': " ] || exit 1
exec cat "/dev/fd/$CODING_AGENT_ASKPASS_FD"
