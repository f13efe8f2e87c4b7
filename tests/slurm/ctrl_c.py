#!/usr/bin/env python3
"""Runs a command on a terminal, presses Ctrl-C once a file is there, and answers what it is asked then.

  ctrl_c.py FILES ANSWER COMMAND...     FILES is a pattern; prints what the command said; ends with its status
"""
import glob
import os
import pty
import select
import sys
import time

files, answer, command = sys.argv[1], sys.argv[2], sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
said, keys, start = b"", [b"\x03", answer.encode() + b"\n"], time.time()
while time.time() - start < 60:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # its end
            break
    if len(keys) == 2 and glob.glob(files) or len(keys) == 1 and b"? " in said:
        os.write(terminal, keys.pop(0))
        said = b"" if keys else said
else:
    os.kill(child, 9)
print(said.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
