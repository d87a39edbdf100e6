# SPDX-License-Identifier: Apache-2.0
"""A copy of the project in which every mutant sleeps, and its build."""
import concurrent.futures
import os
import shutil
import subprocess

from generate import MOST_PER_FILE, generate, write_if_changed
from runtime import PRELUDE, RUNTIME

HEART_CORE = ["core", "link_detector", "loss_window", "peer_tracker", "lateness"]
FLAGS = "-O1 -w -D_GLIBCXX_ASSERTIONS"


def sources(root):
    engine = sorted(path for suffix in ("*.h", "*.cpp") for path in (root / "service/engine").rglob(suffix))
    heart = [root / "service/heart" / (stem + suffix) for stem in HEART_CORE for suffix in (".h", ".cpp")]
    return [str(path.relative_to(root)) for path in engine + heart if path.exists()]


class Tree:
    def __init__(self, root, folder):
        self.root = root
        self.folder = folder
        self.copy = folder / "source"
        self.build = folder / "build"
        self.mutants = {}
        self.not_compiling = []

    # ---- making it

    def make(self, jobs):
        self.mirror()
        names = sources(self.root)
        with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
            results = list(pool.map(generate, *zip(*((self.root, self.folder, name, index)
                                                     for index, name in enumerate(names)))))
        for name, (mutants, bad, text) in zip(names, results):
            self.mutants.update((each.number, each) for each in mutants)
            self.not_compiling += bad
            write_if_changed(self.copy / name, text)
        write_if_changed(self.folder / "mutant.h", PRELUDE)
        check = (self.root / "service/base/check.cpp").read_text()
        write_if_changed(self.copy / "service/base/check.cpp", check + RUNTIME % (MOST_PER_FILE * len(names) + 1))

    def mirror(self):
        """service/ and tests/ are copied, so that a build is of one moment; what else it needs is linked."""
        self.copy.mkdir(parents=True, exist_ok=True)
        for name in ("CMake", "docs", "resources", "scripts", "CMakeLists.txt", "CMakePresets.json"):
            link = self.copy / name
            if link.is_symlink() and link.readlink() != self.root / name:
                link.unlink() # of another tree, in the same build folder
            if not link.is_symlink() and (self.root / name).exists():
                link.symlink_to(self.root / name)
        self.mirror_folder("service", set(sources(self.root)) | {"service/base/check.cpp"})
        self.mirror_folder("tests", set())

    def mirror_folder(self, folder, written_later):
        if (self.copy / folder).is_symlink():
            (self.copy / folder).unlink()
        wanted = set()
        for path in (self.root / folder).rglob("*"):
            if path.is_dir():
                continue
            name = str(path.relative_to(self.root))
            wanted.add(name)
            to = self.copy / name
            if name in written_later or (to.exists() and to.read_bytes() == path.read_bytes()):
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
        for path in (self.copy / folder).rglob("*"):
            if path.is_file() and str(path.relative_to(self.copy)) not in wanted:
                path.unlink()

    # ---- building it

    def compile(self, targets, jobs):
        self.build.mkdir(parents=True, exist_ok=True)
        configure = ["cmake", "-S", str(self.copy), "-B", str(self.build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                     f"-DCMAKE_CXX_FLAGS={FLAGS} -include {self.folder / 'mutant.h'}"]
        self.run(configure, "configure.log")
        self.run(["cmake", "--build", str(self.build), "--parallel", str(jobs), "--target"] + targets, "build.log")

    def run(self, command, log):
        with open(self.folder / log, "wb") as file:
            status = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=os.environ).returncode
        if status != 0:
            tail = (self.folder / log).read_text(errors="replace").splitlines()[-15:]
            raise SystemExit(f"mutants: {' '.join(command[:2])} failed, see {self.folder / log}:\n" + "\n".join(tail))

    # ---- reach

    def reached_by(self, command):
        """The numbers of the mutants that a run without any mutant comes by."""
        file = self.folder / f"reached.{os.getpid()}.{abs(hash(tuple(command)))}"
        environment = dict(os.environ, DYAD_MUTANTS_REACHED=str(file), QT_QPA_PLATFORM="offscreen")
        environment.pop("DYAD_MUTANT", None)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env=environment)
        if done.returncode != 0 or not file.exists():
            raise SystemExit("mutants: without any mutant this fails already: " + " ".join(command) + "\n" +
                             done.stdout.decode(errors="replace")[-2000:])
        found = {number for number, byte in enumerate(file.read_bytes()) if byte}
        file.unlink()
        return found

    def reached_by_each(self, commands, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(self.reached_by, commands))
