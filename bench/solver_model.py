"""A model of work and depth for the loop and the solvers of longhaul_solver_map, as the code splits them over threads.

Each part has a time a step for each kind of problem (cell, blocks of R, width), and a surcharge where what it sweeps
over is larger than the second-level cache. Both are fitted to rows of one thread. Threads meet at the end of each part
that they share; what that costs two of them is fitted to rows of two threads, those of SETS_MEETING, and grows with the
logarithm of the threads, which is assumed.

What it leaves out: that cores share memory and its bandwidth, that a core's share of the work may fit its cache where
the whole does not, the few operations that connect chunks, and the threads within products of the reverse step."""
import math
import statistics

CHUNK = 1024  # math/recurrence/linear.h: steps that one thread evaluates or solves
NARROW = 4  # math/recurrence/sweep.cpp: widest blocks whose Jacobian is stored
CHANNELS = 8  # math/kernels/vector.h: channels that are solved together
GROUP = 4  # math/recurrence/product.h: sequences that the loop steps together
LANES = 8  # of a training step, by default
SHORT_LANE = 2048  # math/parallel.h: positions below which threads do not share a lane
CACHE = 1 << 20  # bytes
ARRAYS = {"tanh": 6, "gru": 15}  # of states, that a sweep passes over
SETS_MEETING = {"batch": 1, "length": 4096}


class Row:
    def __init__(self, row):
        self.kind = row["cell"], int(row["block"]), int(row["width"])
        self.length, self.batch, self.threads = int(row["length"]), int(row["batch"]), int(row["threads"])
        self.solver, self.window = row["solver"], int(row["window"])
        self.sweeps, self.error, self.converged = float(row["sweeps"]), float(row["error"]), row["converged"] == "1"
        self.times = {name: float(value) for name, value in row.items() if name.endswith("_ms") and value}
        self.spread = float(row["spread"])
        self.is_solver = self.solver != "sequential"
        self.problem = self.kind, self.batch, self.length, self.solver, self.window


def beyond_cache(kind, steps):
    """The share of what a sweep over so many steps passes over that the cache does not hold."""
    return max(0.0, 1 - CACHE / (4 * ARRAYS[kind[0]] * kind[2] * steps))


def fit(points):
    """Of (share, time, whole): time = base + share * surcharge, neither below 0, by least squares of errors / whole."""
    ones, shares, squares, times, both = (
        sum(term(share, time) / whole ** 2 for share, time, whole in points)
        for term in (lambda g, y: 1, lambda g, y: g, lambda g, y: g * g, lambda g, y: y, lambda g, y: g * y))
    determinant = ones * squares - shares * shares
    if determinant > 1e-9 * ones * squares:
        base, surcharge = (squares * times - shares * both) / determinant, (ones * both - shares * times) / determinant
        if base >= 0 and surcharge >= 0:
            return base, surcharge
    return max(0.0, times / ones), 0.0


def chunks_of(steps):
    return math.ceil(steps / CHUNK)


def place_of(in_lane, steps):
    """Where a linear recurrence is solved: outside of lanes long ones are cut into chunks."""
    return "lane" if in_lane else "chunks" if steps >= 2 * CHUNK else "free"


class Model:
    def __init__(self, rows):
        self.sweeps = {row.problem: row.sweeps for row in rows if row.threads == 1}
        self.meeting, self.growth = 0.0, math.log2
        points = {}
        for row in rows:
            if row.threads == 1:
                for part, steps, *times in self.seen(row):
                    points.setdefault((row.kind, part), []).append((beyond_cache(row.kind, steps), *times))
        self.parts = {key: fit(found) for key, found in points.items()}
        self.meeting = self.fit_meeting([row for row in rows if row.threads == 2 and self.sets_meeting(row)])

    @staticmethod
    def sets_meeting(row):
        return all(getattr(row, name) == value for name, value in SETS_MEETING.items())

    @staticmethod
    def seen(row):
        """The parts whose times a row of one thread tells: name, steps swept over, time a step, and time of what was timed."""
        t, length = row.times, row.length
        if not row.is_solver:
            if row.batch in (1, 64):  # one sequence, or groups of four in every lane
                name, turns = ("one", length) if row.batch == 1 else ("four", length * row.batch // GROUP)
                forward, training = t["forward_ms"] / turns, t["training_ms"] / turns
                yield "loop " + name, length, forward, forward
                yield "back " + name, length, training - forward, training
        elif "lane_solve_ms" in t:
            steps = min(row.window or length, length)
            for place in ("lane", "free"):
                evaluate, solve = (t[f"{place}_{half}_ms"] / steps for half in ("evaluate", "solve"))
                yield f"{row.solver} evaluate {place}", steps, evaluate, evaluate
                yield f"{row.solver} solve {place_of(place == 'lane', steps)}", steps, solve, solve
            windows = math.ceil(length / steps)
            halves = (row.sweeps + windows) * t["lane_evaluate_ms"] + row.sweeps * t["lane_solve_ms"]
            yield row.solver + " rest", steps, (t["forward_ms"] - halves) / length, t["forward_ms"] / length

    def cost(self, kind, part, steps):
        """Of one step."""
        base, surcharge = self.parts[kind, part]
        return base + surcharge * beyond_cache(kind, steps)

    def fit_meeting(self, rows):
        """The median over rows of what the model without meetings lacks, for each meeting."""
        found = []
        for row in rows:
            for which in ("training", "evaluation"):
                self.meeting = 1.0
                meetings = self.meetings_of(*row.problem, 2, which)
                if meetings > 4:
                    found.append((row.times[which + "_ms"] - self.time(*row.problem, 2, which)) / meetings + 1)
        return max(0.0, statistics.median(found)) if found else 0.0

    def meetings_of(self, *problem):
        """The milliseconds of time() that meetings take."""
        whole, meeting = self.time(*problem), self.meeting
        self.meeting = 0.0
        without = self.time(*problem)
        self.meeting = meeting
        return whole - without

    def meet(self, threads):
        return self.meeting * self.growth(threads) if threads > 1 else 0.0

    def shared(self, work, pieces, threads):
        """Equal pieces of a part: whoever has time takes the next."""
        return work * math.ceil(pieces / threads) / pieces + self.meet(min(pieces, threads))

    def linear(self, kind, solver, steps, threads, in_lane):
        """The linear recurrence of a sweep."""
        _, block, width = kind
        place = place_of(in_lane, steps)
        work = self.cost(kind, f"{solver} solve {place}", steps) * steps
        if block != 1 and solver == "newton" and (in_lane or width > NARROW):
            return work  # a product with R a step, which waits for the step before
        if place == "chunks":
            return self.shared(work, chunks_of(steps), threads) + self.meet(min(threads, chunks_of(steps) - 1))
        grain = math.ceil(width / (CHANNELS * threads)) * CHANNELS
        return work * min(1, grain / width) + self.meet(math.ceil(width / grain))

    def solve(self, kind, batch, length, solver, window, threads, in_lane):
        """One sequence by a solver."""
        steps = min(window or length, length)
        windows, sweeps = math.ceil(length / steps), self.sweeps[kind, batch, length, solver, window]
        cost = self.cost(kind, f"{solver} evaluate {'lane' if in_lane else 'free'}", steps)
        evaluate = self.shared(cost * steps, chunks_of(steps), threads)
        linear = self.linear(kind, solver, steps, threads, in_lane)
        return (sweeps + windows) * evaluate + sweeps * linear + self.cost(kind, solver + " rest", steps) * length

    def step_all(self, kind, part, length, sequences, group, threads):
        """A loop over time for several sequences, in groups."""
        groups = math.ceil(sequences / group)
        name = part + (" one" if min(group, sequences) == 1 else " four")
        return self.shared(groups * self.cost(kind, name, length) * length, groups, threads)

    def lane(self, kind, batch, length, solver, window, share, threads):
        """Forward and reverse step of a lane of `share` sequences."""
        back = self.step_all(kind, "back", length, share, GROUP, threads)
        if solver == "sequential":
            return back + self.step_all(kind, "loop", length, share, GROUP, threads)
        if share == 1:
            return back + self.solve(kind, batch, length, solver, window, threads, True)
        one = self.solve(kind, batch, length, solver, window, 1, True)
        return back + self.shared(share * one, share, threads)

    def time(self, kind, batch, length, solver, window, threads, which):
        """Milliseconds on so many threads."""
        if which == "training":
            lanes = min(batch, LANES)
            share = batch // lanes
            if lanes >= threads or share * length < SHORT_LANE:
                one = self.lane(kind, batch, length, solver, window, share, 1)
                return self.shared(lanes * one, lanes, threads)
            return lanes * self.lane(kind, batch, length, solver, window, share, threads)
        if solver == "sequential":
            return self.step_all(kind, "loop", length, batch, min(max(batch // 2, 1), GROUP), threads)
        if batch == 1:
            return self.solve(kind, batch, length, solver, window, threads, False)
        return self.shared(batch * self.solve(kind, batch, length, solver, window, 1, True), batch, threads)

    def fastest(self, kind, batch, length, solver, window, cores, which):
        """With as many of the cores as suit it best; the loop also with a core for each sequence."""
        counts = [2 ** i for i in range(cores.bit_length()) if 2 ** i <= cores]
        times = [self.time(kind, batch, length, solver, window, count, which) for count in counts]
        if solver == "sequential" and which == "evaluation":
            times += [self.step_all(kind, "loop", length, batch, 1, count) for count in counts]
        return min(times)
