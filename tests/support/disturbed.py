#!/usr/bin/env python3
"""Runs a server on a clock and a disk that can be disturbed while it runs.

    disturbed.py CONTROL -- COMMAND...

CONTROL is a file of JSON that may change at any time. Under the name of the program, or its
beginning, it says what to do: `clock_s` is added to the time of day, a write that asks for the disk
takes `slow_ms` longer. Nothing of the machine's own clock or disk is touched, and no privilege is
needed: the kernel asks us before it carries such a call out (seccomp_unotify(2)). What tells the
time without a call (vdso(7)) is made to use one: the program is not told where that page lies.
Timers and the times of files stay true, and so does the clock of what the program executes in its
own place.

**Invariant:** an undisturbed call is carried out by the kernel as if we were not there.
"""

import ctypes
import fcntl
import heapq
import json
import os
import platform
import select
import socket
import struct
import sys
import time

# Of each machine: its number in a filter, the call that installs one, calls that tell the time of
# day, calls that ask for the disk.
MACHINES = {
    "x86_64": (0xC000003E, 317, {"get": 228, "of_day": 96, "time": 201}, [18, 74, 75, 277, 285, 296, 328]),
    "aarch64": (0xC00000B7, 277, {"get": 113, "of_day": 169}, [47, 68, 70, 82, 83, 84, 287]),
}
ARCHITECTURE, INSTALL, TELLS, WRITES = MACHINES.get(platform.machine(), (0, 0, {}, []))
# CLOCK_REALTIME, and the coarse one of the same.
TIMES_OF_DAY = [0, 5]

# From the kernel's headers: seccomp.h, prctl.h, ptrace.h, auxvec.h.
NO_NEW_PRIVILEGES, TRACE_ME, DETACH = 38, 0, 17
FILTER_MODE, WITH_LISTENER = 1, 1 << 3
ALLOW, ASK = 0x7FFF0000, 0x7FC00000
RECEIVE, SEND, STILL_THERE = 0xC0502100, 0xC0182101, 0x40082102
CARRY_OUT = 1
PAGE_OF_THE_CLOCK, IGNORE = 33, 1

libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    control, dashes, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    if dashes != "--" or not command or not ARCHITECTURE:
        print(__doc__, file=sys.stderr)
        return 2
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        become(command, theirs)
    theirs.close()
    _, handles, _, _ = socket.recv_fds(ours, 1, 1)
    if not handles or os.waitpid(child, 0)[1] & 0xFF != 0x7F:
        print(f"disturbed.py: {command[0]} does not start", file=sys.stderr)
        return 2
    hide_the_clock(child)
    checked(libc.ptrace(DETACH, child, None, None))
    answer(handles[0], Control(control, os.path.basename(command[0])))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def become(command: list[str], theirs: socket.socket) -> None:
    """Puts the filter around this process, hands over where it asks, and runs the server in it."""
    checked(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    checked(libc.ptrace(TRACE_ME, 0, None, None))
    lines = filter_lines()
    code = b"".join(struct.pack("HBBI", *line) for line in lines)
    kept = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(lines), ctypes.addressof(kept))
    handle = checked(libc.syscall(INSTALL, FILTER_MODE, WITH_LISTENER, program))
    socket.send_fds(theirs, [b"f"], [handle])
    try:
        os.execvp(command[0], command)
    except OSError as problem:
        print(f"disturbed.py: {command[0]}: {problem.strerror}", file=sys.stderr)
        os._exit(2)


def filter_lines() -> list[tuple[int, int, int, int]]:
    """What the kernel is to ask about, in its classic filter code (bpf(4))."""
    load, equal, give = 0x20, 0x15, 0x06
    number, architecture, first = 0, 4, 16
    asked = [n for name, n in TELLS.items() if name != "get"] + WRITES
    lines = [(load, 0, 0, architecture), (equal, 1, 0, ARCHITECTURE), (give, 0, 0, ALLOW)]
    lines.append((load, 0, 0, number))
    # Each jumps over the rest of the list, and over the question which clock is meant.
    for n, call in enumerate(asked):
        lines.append((equal, len(asked) - n - 1 + 4 + len(TIMES_OF_DAY), 0, call))
    lines += [(equal, 1, 0, TELLS["get"]), (give, 0, 0, ALLOW), (load, 0, 0, first)]
    for n, clock in enumerate(TIMES_OF_DAY):
        lines.append((equal, len(TIMES_OF_DAY) - n, 0, clock))
    return lines + [(give, 0, 0, ALLOW), (give, 0, 0, ASK)]


def hide_the_clock(child: int) -> None:
    """Takes the page that tells the time without a call out of what a new program is told."""
    with open(f"/proc/{child}/stat", encoding="ascii") as stat:
        start = int(stat.read().rpartition(")")[2].split()[25])
    with open(f"/proc/{child}/mem", "r+b", buffering=0) as memory:
        at = start + 8
        for _arguments_then_settings in range(2):
            while word(memory, at):
                at += 8
            at += 8
        while kind := word(memory, at):
            if kind == PAGE_OF_THE_CLOCK:
                memory.seek(at)
                memory.write(struct.pack("Q", IGNORE))
            at += 16


def word(memory, at: int) -> int:
    memory.seek(at)
    return struct.unpack("Q", memory.read(8))[0]


class Control:
    """What is asked of us now."""

    def __init__(self, path: str, program: str):
        self.path, self.program, self.seen = path, program, None
        self.clock_s, self.slow_s = 0.0, 0.0

    def look(self) -> None:
        try:
            now = os.stat(self.path)
            if (now.st_mtime_ns, now.st_ino) != self.seen:
                with open(self.path, encoding="utf-8") as asked:
                    said = json.load(asked)
                said = next((of for name, of in said.items() if self.program.startswith(name)), {})
                self.clock_s = float(said.get("clock_s", 0))
                self.slow_s = float(said.get("slow_ms", 0)) / 1000
                self.seen = (now.st_mtime_ns, now.st_ino)
        except (OSError, ValueError):
            # Not written yet; it is looked at again with the next call.
            return


def answer(handle: int, control: Control) -> None:
    """Answers the kernel until the last process under the filter has ended."""
    waiting: list[tuple[float, int]] = []
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    while True:
        patience = max(0.0, waiting[0][0] - time.monotonic()) * 1000 if waiting else None
        events = poll.poll(patience)
        while waiting and waiting[0][0] <= time.monotonic():
            reply(handle, heapq.heappop(waiting)[1], carry_out=True)
        for _, event in events:
            if event & select.POLLIN:
                receive(handle, control, waiting)
            elif event:
                return


def receive(handle: int, control: Control, waiting: list[tuple[float, int]]) -> None:
    asked = bytearray(80)
    try:
        fcntl.ioctl(handle, RECEIVE, asked)
    except (FileNotFoundError, InterruptedError):
        # It was killed meanwhile.
        return
    control.look()
    number, thread, _, call, _, _, first, second = struct.unpack_from("QIIiIQQQ", asked)
    if call in WRITES and control.slow_s:
        heapq.heappush(waiting, (time.monotonic() + control.slow_s, number))
        return
    told = call in TELLS.values() and control.clock_s
    value = tell(handle, number, thread, (call, first, second), control.clock_s) if told else None
    reply(handle, number, carry_out=value is None, value=value or 0)


def tell(handle: int, number: int, thread: int, asked: tuple, clock_s: float) -> int | None:
    """Writes another time where the caller wants it; what the call then gives, None: all in vain."""
    call, first, second = asked
    now = time.time_ns() + int(clock_s * 1e9)
    seconds, rest = divmod(now, 1_000_000_000)
    where, part = (second, rest) if call == TELLS["get"] else (first, rest // 1000)
    alone = call == TELLS.get("time")
    if where:
        words = struct.pack("q", seconds) if alone else struct.pack("qq", seconds, part)
        try:
            memory = os.open(f"/proc/{thread}/mem", os.O_WRONLY)
            try:
                # Only now is it certain whose memory was opened.
                fcntl.ioctl(handle, STILL_THERE, struct.pack("Q", number))
                os.pwrite(memory, words, where)
            finally:
                os.close(memory)
        except OSError:
            return None
    return seconds if alone else 0


def reply(handle: int, number: int, carry_out: bool, value: int = 0) -> None:
    flags = CARRY_OUT if carry_out else 0
    try:
        fcntl.ioctl(handle, SEND, struct.pack("QqiI", number, value, 0, flags))
    except FileNotFoundError:
        # It was killed meanwhile.
        return


if __name__ == "__main__":
    sys.exit(main())
