# SPDX-License-Identifier: Apache-2.0
"""Who notices a mutant? The checks go from the quickest to the slowest, and the first that differs ends the search."""
import concurrent.futures
import json
import os
import resource
import signal
import subprocess
import time

# Seconds of processor time, so that a busy machine changes nothing; and of the wall, for what hangs without working.
CPU_SECONDS = 20
WALL_SECONDS = 120
MEMORY_BYTES = 3 << 30

ENGINE_TESTS = ["engine_" + each + "_test" for each in
                ("transitions", "timeouts", "group_plan", "invariants", "claimant", "claim", "lease", "peer", "step")]
HEART_TESTS = ["heart_link_detector_test", "heart_core_test"]
CAMPAIGN_TEST = "engine_campaign_test"


def bound_children():
    """Limits are inherited. A child that uses up its processor time dies of SIGXCPU; this process only takes note."""
    signal.signal(signal.SIGXCPU, lambda *_: None)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, number):
    """(exit status, last line of its output); None for the status of what took too long."""
    environment = dict(os.environ, DYAD_MUTANT=str(number), QT_QPA_PLATFORM="offscreen")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env=environment, process_group=0)
    try:
        out, _ = process.communicate(timeout=WALL_SECONDS)
        return process.returncode, out.decode(errors="replace").strip().rpartition("\n")[2]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return None, ""


def fails(command, number):
    return run(command, number)[0] != 0


class Judge:
    def __init__(self, tree, scenarios, seeds):
        self.tree = tree
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
        # Whoever comes by most is the likeliest to notice.
        self.by_reach = sorted(self.scenarios, key=lambda each: -len(self.by_scenario[each]))
        self.by_test = dict(zip(self.unit_tests, reached[count:-1]))
        self.by_campaign = reached[-1]
        if not self.has_sim:
            return
        status, self.digest = self.lives(0)
        if status != 0:
            raise SystemExit("mutants: dyad-sim fails already without any mutant: " + " ".join(self.sim_command()))

    def sim_command(self):
        return [self.sim, "--seeds", str(self.seeds), "--jobs", "1", "--stop", "--json"]

    def lives(self, number):
        """(exit status, digest) of a fixed budget of lives."""
        status, line = run(self.sim_command(), number)
        try:
            return status, json.loads(line)["digest"]
        except (ValueError, KeyError):
            return status or 1, ""

    def killer(self, number):
        """The check that notices the mutant, or None."""
        files = [each for each in self.by_reach if number in self.by_scenario[each]]
        if files and fails([self.scenario, "--stop"] + files, number):
            return "scenarios"
        for test in self.unit_tests:
            if number in self.by_test[test] and fails([test], number):
                return os.path.basename(test)
        if number in self.by_campaign and fails([self.campaign], number):
            return CAMPAIGN_TEST
        if self.has_sim:
            status, digest = self.lives(number)
            if status != 0:
                return "dyad-sim: a rule is broken"
            if digest != self.digest:
                return "dyad-sim: other lives"
        return None

    def is_reached(self, number):
        return number in self.by_campaign or any(number in each for each in self.by_scenario.values()) or \
            any(number in each for each in self.by_test.values())

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
