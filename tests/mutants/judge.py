# SPDX-License-Identifier: Apache-2.0
"""Who notices a mutant? The checks go from the quickest to the slowest, and the first that differs ends the search."""
import collections
import concurrent.futures
import json
import os
import resource
import signal
import subprocess
import time

# Seconds of processor time, so that a busy machine changes nothing; and of the wall, for what does no work meanwhile.
CPU_SECONDS = 20
WALL_SECONDS = 120
MEMORY_BYTES = 3 << 30

ENGINE_TESTS = ["engine_" + each + "_test" for each in
                ("transitions", "timeouts", "group_plan", "invariants", "claimant", "claim", "lease", "peer", "orders",
                 "recovery", "standing", "startup", "stop", "upkeep", "step_context", "step")]
HEART_TESTS = ["heart_link_detector_test", "heart_core_test", "heart_peer_tracker_test"]
CAMPAIGN_TEST = "engine_campaign_test"
SCENARIOS = "scenarios"


def bound_children():
    """Limits are inherited. A child that uses up its processor time dies of SIGXCPU; this process only takes note."""
    signal.signal(signal.SIGXCPU, lambda *_: None)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, number):
    """(exit status, its output); None for the status of what took too long."""
    environment = dict(os.environ, DYAD_MUTANT=str(number), QT_QPA_PLATFORM="offscreen")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env=environment, process_group=0)
    ticks = -1
    while True:
        try:
            out, _ = process.communicate(timeout=WALL_SECONDS)
            return process.returncode, out.decode(errors="replace").strip()
        except subprocess.TimeoutExpired:
            before, ticks = ticks, ticks_of(process.pid)
            if ticks != before:
                continue
            os.killpg(process.pid, 9)
            process.communicate()
            return None, ""


def ticks_of(group):
    """Processor time that the processes of a group have used."""
    ticks = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks


def family(killer):
    """A killer's name without which scenario it was."""
    return SCENARIOS if killer.startswith(SCENARIOS) else killer


class Judge:
    def __init__(self, tree, scenarios, seeds, last):
        self.tree = tree
        self.last = last  # who noticed what in earlier runs, by identity: asked first
        self.noticed = collections.defaultdict(collections.Counter)  # by function: how much each scenario noticed
        self.seeds = seeds
        tests = tree.build / "tests"
        self.scenario = str(tests / "dyad-scenario")
        self.sim = str(tree.build / "bin/dyad-sim")
        self.has_sim = (tree.copy / "tests/simulator/CMakeLists.txt").exists() and seeds > 0
        self.scenarios = scenarios
        self.unit_tests = [str(tests / name) for name in ENGINE_TESTS + HEART_TESTS]
        self.campaign = str(tests / CAMPAIGN_TEST)

    def targets(self):
        names = ["dyad-scenario", CAMPAIGN_TEST] + ENGINE_TESTS + HEART_TESTS
        return names + (["dyad-sim"] if self.has_sim else [])

    def prepare(self, jobs):
        """What each check comes by when nothing is broken; also proves that all of them pass then."""
        commands = [[self.scenario, each] for each in self.scenarios] + [[each] for each in self.unit_tests]
        commands.append([self.campaign])
        reached = self.tree.reached_by_each(commands, jobs)
        count = len(self.scenarios)
        self.by_scenario = dict(zip(self.scenarios, reached[:count]))
        self.by_test = dict(zip(self.unit_tests, reached[count:-1]))
        self.by_campaign = reached[-1]
        if not self.has_sim:
            return
        self.by_sim = self.tree.reached_by(self.sim_command())
        status, self.digest = self.lives(0)
        if status != 0:
            raise SystemExit("mutants: dyad-sim fails already without any mutant: " + " ".join(self.sim_command()))

    def sim_command(self):
        return [self.sim, "--seeds", str(self.seeds), "--jobs", "1", "--stop", "--json"]

    def lives(self, number):
        """(exit status, digest) of a fixed budget of lives."""
        status, out = run(self.sim_command(), number)
        try:
            return status, json.loads(out.rpartition("\n")[2])["digest"]
        except (ValueError, KeyError):
            return status or 1, ""

    # ---- each check: who notices, or None

    def play(self, files, number):
        if not files:
            return None
        status, out = run([self.scenario, "--stop"] + files, number)
        if status == 0:
            return None
        # It says which one differs, unless it died over it.
        differs = out.partition("\n")[0].partition(".txt:")[0].rpartition("/")[2]
        return f"{SCENARIOS}: {differs}.txt" if f"{differs}.txt" in map(os.path.basename, files) else SCENARIOS

    def test(self, command, number):
        return os.path.basename(command) if run([command], number)[0] != 0 else None

    def live(self, number):
        status, digest = self.lives(number)
        if status != 0:
            return "dyad-sim: a rule is broken"
        return "dyad-sim: other lives" if digest != self.digest else None

    def killer(self, number):
        """The check that notices the mutant, or None. Every check that comes by is asked before it is None."""
        mutant = self.tree.mutants[number]
        known = self.last.get(mutant.identity()) or ""
        place = (mutant.file, mutant.function)
        files = [each for each in self.scenarios if number in self.by_scenario[each]]
        tests = [each for each in self.unit_tests if number in self.by_test[each]]
        # Whoever noticed it the last time, then its neighbours' judge, then whoever comes by most.
        tests.sort(key=lambda each: os.path.basename(each) != known)
        files.sort(key=lambda each: (f"{SCENARIOS}: {os.path.basename(each)}" != known,
                                     -self.noticed[place][os.path.basename(each)], -len(self.by_scenario[each])))
        first = files[:1] if known.startswith(SCENARIOS) else []
        checks = [lambda: self.play(first, number)]
        checks += [lambda each=each: self.test(each, number) for each in tests]
        checks.append(lambda: self.play(files, number))
        if number in self.by_campaign:
            checks.append(lambda: self.test(self.campaign, number))
        if self.has_sim and number in self.by_sim:
            checks.append(lambda: self.live(number))
        for check in checks:
            killer = check()
            if killer:
                self.noticed[place][killer.removeprefix(SCENARIOS + ": ")] += 1
                return killer
        return None

    def is_reached(self, number):
        return number in self.by_campaign or (self.has_sim and number in self.by_sim) or \
            any(number in each for each in self.by_scenario.values()) or any(number in each for each in self.by_test.values())

    def judge(self, numbers, jobs, tell, remember):
        bound_children()
        killed = {}
        told = begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for number, killer in zip(numbers, pool.map(self.killer, numbers)):
                killed[number] = killer
                if time.monotonic() - told >= 10:
                    told = time.monotonic()
                    remember(killed)
                    alive = sum(1 for each in killed.values() if each is None)
                    tell(f"{told - begin:6.0f} s  {len(killed)} of {len(numbers)} mutants, {alive} not noticed")
        remember(killed)
        return killed
