# SPDX-License-Identifier: Apache-2.0
"""All mutants of one file, and the text that carries them; remembered, because reading a file takes seconds."""
import hashlib
import pickle
import re
from pathlib import Path

import clang.cindex

from operators import Walk
from runtime import PARSER_PRELUDE, PRELUDE
from source import Source

LIBCLANG = "/usr/lib/llvm-14/lib/libclang.so.1"
MOST_PER_FILE = 1000  # so that a file's numbers don't depend on the others
MOST_ROUNDS = 12


def compiler(root, prelude):
    return ["-xc++", "-std=c++20", f"-I{root}/service", "-include", str(prelude), "-ferror-limit=0"]


def write_if_changed(path, text):
    """An unchanged file keeps its time, so that nothing is built twice."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def errors_of(unit):
    return [each for each in unit.diagnostics if each.severity >= clang.cindex.Diagnostic.Error]


def fingerprint(root, name):
    """Of all that the file's mutants are made of: itself, what it may include, and what reads it."""
    here = Path(__file__).parent
    headers = sorted(each for room in ("base", "model", "wire", "engine", "heart")
                     for each in (root / "service" / room).rglob("*.h"))
    scripts = [here / each for each in ("source.py", "edits.py", "operators.py", "generate.py")]
    digest = hashlib.sha256()
    for path in [root / name] + headers + scripts:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def generate(root, folder, name, index):
    """(mutants, those of them that don't compile, text). Runs in a process of its own."""
    cache = folder / "generated" / (name.replace("/", "_") + ".pickle")
    key = (fingerprint(root, name), index)
    if cache.exists():
        with open(cache, "rb") as stream:
            known, result = pickle.load(stream)
        if known == key:
            return result
    result = read(root, folder, name, index)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with open(cache, "wb") as stream:
        pickle.dump((key, result), stream)
    return result


def read(root, folder, name, index):
    if not clang.cindex.Config.loaded:
        clang.cindex.Config.set_library_file(LIBCLANG)
    clang_index = clang.cindex.Index.create()
    path = str(root / name)
    source = Source(path, name)
    write_if_changed(folder / f"parser.{index}.h", PARSER_PRELUDE)
    unit = clang_index.parse(path, args=compiler(root, folder / f"parser.{index}.h"),
                             unsaved_files=[(path, source.for_parser())])
    if errors_of(unit):
        raise SystemExit(f"mutants: {name} can't be read: {errors_of(unit)[0]}")
    walk = Walk(source, 1 + index * MOST_PER_FILE)
    walk.file(unit)
    if len(walk.mutants) >= MOST_PER_FILE:
        raise SystemExit(f"mutants: {name} has more than {MOST_PER_FILE} mutants; split it")
    write_if_changed(folder / f"mutant.{index}.h", PRELUDE)
    without = set()
    for _ in range(MOST_ROUNDS):
        text = walk.edits.render(frozenset(without))
        unit = clang_index.parse(path, args=compiler(root, folder / f"mutant.{index}.h"),
                                 unsaved_files=[(path, text)])
        bad = objections(name, path, text, errors_of(unit))
        if not bad:
            good = [each for each in walk.mutants if each.number not in without]
            return good, [each for each in walk.mutants if each.number in without], text
        without |= bad
    raise SystemExit(f"mutants: {name} does not compile whatever is left out")


def objections(name, path, text, errors):
    """The numbers of the mutants that the compiler objects to: each stands alone in its lines."""
    lines = text.splitlines()
    bad = set()
    for each in errors:
        # Templates only repeat further away what is said of the place itself.
        if each.location.file is None or each.location.file.name != path:
            continue
        for line in range(each.location.line - 1, -1, -1):
            found = re.search(r"DYAD_MUTANT\((\d+)\)", lines[line])
            if found:
                bad.add(int(found.group(1)))
                break
    if errors and not bad:
        raise SystemExit(f"mutants: {name}: {errors[0]}")
    return bad
