"""What every peer shares: answers one JSON object a line, so that a driver can take turns with another program."""

import json
import os
import sys
import time


WALL = 0
"""Instead of a number of threads: the wall clock whatever runs."""


def clock_for(threads):
    """One thread is timed by processor time, several by the wall clock: as the native benchmarks do."""
    return time.process_time if threads == 1 else time.perf_counter


def serve(answer):
    """Answers requests until standard input ends. Whatever libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:  # the driver decides what a failure means
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        replies.write(json.dumps(reply) + "\n")


def timed(threads, steps, call):
    """Seconds per call of `steps` calls."""
    clock = clock_for(threads)
    start = clock()
    for _ in range(steps):
        call()
    return (clock() - start) / steps
