# SPDX-License-Identifier: Apache-2.0
"""What is broken on purpose, and where: one walk over the syntax tree of a file."""
from clang.cindex import CursorKind as K, TypeKind

from edits import Edits, Mutant

RELATIONAL = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ALGORITHMS = {"any_of": "all_of", "all_of": "any_of", "none_of": "any_of", "min": "max", "max": "min"}
FUNCTIONS = (K.FUNCTION_DECL, K.CXX_METHOD, K.CONSTRUCTOR, K.DESTRUCTOR, K.FUNCTION_TEMPLATE, K.CONVERSION_FUNCTION)
DURATION = "std::chrono::duration<"
MAX_TEXT = 160


def is_text(kind):
    spelling = kind.get_canonical().spelling.removeprefix("const ")
    return spelling.startswith(("std::basic_string<", "std::__cxx11::basic_string<", "char"))


def one_line(text):
    text = " ".join(text.split())
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


class Walk:
    def __init__(self, source, first_number):
        self.source = source
        self.edits = Edits(source)
        self.mutants = []
        self.next = first_number
        self.function = ""
        self.returns = []  # the innermost function or lambda: (is void, ends in a return, that return's offset)
        self.seen = set()
        self.ordinals = {}
        self.in_field = False
        self.idle = set()  # extents of statements that do nothing

    # ---- bookkeeping

    def mutant(self, kind, start, before, after):
        key = (self.function, kind, one_line(before), one_line(after))
        self.ordinals[key] = self.ordinals.get(key, 0) + 1
        number = self.next
        self.next += 1
        self.mutants.append(Mutant(number, self.source.name, self.source.line_of(start), self.function, kind,
                                   one_line(before), one_line(after), self.ordinals[key]))
        return number

    def replace(self, kind, cursor, text, cast=""):
        start, end = extent(cursor)
        if (start, end, text) in self.seen:
            return
        self.seen.add((start, end, text))
        edit = self.edits.at(start, end, cast=cast)
        edit.cast = edit.cast or cast
        edit.arms.append((self.mutant(kind, start, self.source.text(start, end), text), text))

    # ---- the walk

    def file(self, unit):
        for cursor in unit.cursor.get_children():
            self.declaration(cursor)

    def declaration(self, cursor):
        if cursor.location.file is None or cursor.location.file.name != self.source.path:
            return
        if cursor.kind in FUNCTIONS:
            self.function_body(cursor)
        elif cursor.kind == K.VAR_DECL:
            if not is_text(cursor.type):
                self.constant(cursor)
        elif cursor.kind == K.FIELD_DECL:
            if not is_text(cursor.type) and cursor.semantic_parent.kind in (K.STRUCT_DECL, K.CLASS_DECL):
                self.function = qualified(cursor)
                self.in_field = True
                self.values(cursor)
                self.in_field = False
        elif cursor.kind in (K.NAMESPACE, K.STRUCT_DECL, K.CLASS_DECL, K.CLASS_TEMPLATE, K.UNEXPOSED_DECL):
            for child in cursor.get_children():
                self.declaration(child)

    def constant(self, cursor):
        if cursor.semantic_parent.kind in (K.STRUCT_DECL, K.CLASS_DECL):
            return  # the size of an array: nothing that a running program could choose
        self.function = cursor.spelling
        before = len(self.mutants)
        self.values(cursor)
        if len(self.mutants) > before:
            self.unconst(cursor, b"const")

    def unconst(self, cursor, by):
        start, end = extent(cursor)
        found = self.source.bytes.find(b"constexpr", start, end)
        body = self.source.bytes.find(b"{", start, end)
        if found >= 0 and (body < 0 or found < body):
            self.edits.plain.append((found, found + len(b"constexpr"), by.decode()))

    def function_body(self, cursor):
        body = [child for child in cursor.get_children() if child.kind == K.COMPOUND_STMT]
        # Words for people: nothing is decided in them.
        if not body or cursor.spelling == "toText" or is_text(cursor.result_type):
            return
        self.function = qualified(cursor)
        before = len(self.mutants)
        for child in cursor.get_children():
            if child.kind.is_expression():
                self.expression(child)  # of a constructor's initialisers
        self.body(body[-1], cursor.result_type.kind == TypeKind.VOID)
        if len(self.mutants) > before:
            self.unconst(cursor, b"inline")

    def body(self, compound, is_void):
        statements = list(compound.get_children())
        last = statements[-1] if statements else None
        ends = last is not None and last.kind == K.RETURN_STMT
        self.returns.append((is_void, ends, extent(last)[0] if ends else -1))
        self.compound(compound)
        self.returns.pop()

    def values(self, cursor):
        for child in cursor.get_children():
            if child.kind.is_expression():
                self.expression(child)

    # ---- statements

    def compound(self, cursor):
        statements = list(cursor.get_children())
        for statement in statements:
            self.statement(statement)
        for first, second in zip(statements, statements[1:]):
            self.swap(first, second)

    def statement(self, cursor):
        kind = cursor.kind
        children = list(cursor.get_children())
        if kind == K.COMPOUND_STMT:
            self.compound(cursor)
        elif kind == K.RETURN_STMT:
            self.return_statement(cursor, children)
        elif kind in (K.BREAK_STMT, K.CONTINUE_STMT):
            self.drop(cursor, "dropped")
        elif kind in (K.CASE_STMT, K.DEFAULT_STMT):
            self.statement(children[-1])
        elif kind == K.FOR_STMT:
            self.for_statement(cursor, children)
        elif kind in (K.IF_STMT, K.WHILE_STMT, K.DO_STMT, K.SWITCH_STMT, K.CXX_FOR_RANGE_STMT):
            if kind == K.SWITCH_STMT:
                self.idle.add(extent(last_statement(children[-1])))  # the last case ends without its break, too
            for child in children:
                if child.kind.is_statement() and child.kind != K.DECL_STMT:
                    self.statement(child)
                elif child.kind.is_expression() and self.is_body(cursor, child):
                    self.statement(child)
                elif child.kind.is_expression():
                    self.expression(child, "condition")
                else:
                    self.inside(child)
        elif kind == K.DECL_STMT:
            for child in children:
                self.inside(child)
        elif kind.is_expression():
            self.expression_statement(cursor)

    def is_body(self, parent, child):
        return self.source.semicolon_after(extent(child)[1]) is not None and not (
            parent.kind == K.IF_STMT and child == next(iter(parent.get_children())))

    def for_statement(self, cursor, children):
        # The loop's own counting is left alone: it would only hang, which tells nothing.
        for child in children[:-1]:
            if child.kind.is_expression() and child.type.kind == TypeKind.BOOL:
                operation = self.source.operator(*extent(child))
                if operation and operation[0] in RELATIONAL:
                    self.relational(child, operation)
        self.statement(children[-1])

    def inside(self, cursor):
        if cursor.kind == K.VAR_DECL:
            before = len(self.mutants)
            if not is_text(cursor.type):
                self.values(cursor)
            if len(self.mutants) > before:
                self.unconst(cursor, b"const")
        elif cursor.kind.is_expression():
            self.expression(cursor)
        else:
            for child in cursor.get_children():
                self.inside(child)

    def drop(self, cursor, kind):
        start, end = extent(cursor)
        after = self.source.semicolon_after(end)
        if after is None or (cursor.kind == K.BREAK_STMT and (start, end) in self.idle):
            return
        edit = self.edits.at(start, after, statement=True)
        edit.dropped_by.append(self.mutant(kind, start, self.source.text(start, after), "nothing"))

    def expression_statement(self, cursor):
        if is_check(self.source, cursor):
            condition = list(cursor.get_children())[1]
            self.inner(condition, "check")
            self.replace("check dropped", condition, "true", "static_cast<bool>")
            return
        self.drop(cursor, "dropped")
        self.expression(cursor, "discarded")

    def return_statement(self, cursor, children):
        start, end = extent(cursor)
        after = self.source.semicolon_after(end)
        is_void, ends, last = self.returns[-1]
        if after is not None and start != last and (is_void or ends):
            edit = self.edits.at(start, after, statement=True)
            edit.dropped_by.append(self.mutant("early return dropped", start, self.source.text(start, after), "nothing"))
            if is_void and children:
                call = self.source.text(*extent(children[0])) + ";"
                edit.arms.append((self.mutant("early return dropped", start, self.source.text(start, after), call), call))
        for child in children:
            if not is_text(child.type):
                self.expression(child)

    def swap(self, first, second):
        if not (first.kind.is_expression() and second.kind.is_expression()):
            return
        if is_check(self.source, first) or is_check(self.source, second) or independent(first, second):
            return
        (a, a_end), (b, b_end) = extent(first), extent(second)
        a_after, b_after = self.source.semicolon_after(a_end), self.source.semicolon_after(b_end)
        if a_after is None or b_after is None:
            return
        one, other = self.source.text(a, a_after), self.source.text(b, b_after)
        number = self.mutant("swapped", a, one, "after: " + other)
        self.edits.at(a, a_after, statement=True).arms.append((number, other + " " + one))
        self.edits.at(b, b_after, statement=True).dropped_by.append(number)

    # ---- expressions

    def expression(self, cursor, context="whole"):
        """`context`: how a truth value is used here: condition, whole (any other value), and, or, not, discarded."""
        if is_text(cursor.type):
            return
        start, end = extent(cursor)
        if end <= start:
            return
        if self.source.bytes[start:end].endswith((b"<", b">", b"=")) or \
                self.source.bytes[start:end].startswith((b"!=", b"==", b"<", b">")):
            # A comparison that the compiler makes of <=> or ==: the tree has pieces in it that end at the operator.
            for child in cursor.get_children():
                self.expression(child, "whole")
            return
        kind = cursor.kind
        if kind == K.LAMBDA_EXPR:
            for child in cursor.get_children():
                if child.kind == K.COMPOUND_STMT:
                    self.body(child, lambda_is_void(child))
            return
        if cursor.type.get_canonical().kind == TypeKind.BOOL:
            self.truth(cursor, context)
        elif kind == K.DECL_REF_EXPR and cursor.referenced is not None and \
                cursor.referenced.kind == K.ENUM_CONSTANT_DECL:
            self.replace("enum", cursor, neighbour(self.source.text(start, end), cursor.referenced))
        elif kind == K.INTEGER_LITERAL:
            self.literal(cursor)
        elif self.is_duration(cursor) and self.duration(cursor):
            return
        self.inner(cursor, context)

    def inner(self, cursor, context):
        start, end = extent(cursor)
        operation = self.source.operator(start, end)
        children = list(cursor.get_children())
        if operation and operation[0] in ("&&", "||") and cursor.type.get_canonical().kind == TypeKind.BOOL:
            self.logical(cursor, operation)
            below = "and" if operation[0] == "&&" else "or"
        elif self.source.bytes[start:start + 1] == b"!" and not operation:
            below = "not"
        elif len(children) == 1 and extent(children[0]) == (start, end):
            below = "same"  # an implicit conversion
        elif cursor.kind == K.PAREN_EXPR:
            below = "not"
        else:
            below = "whole"
            self.arithmetic(cursor, operation)
            self.algorithm(cursor)
        left = self.assigned(cursor, children)
        for child in children:
            if child is left or not child.kind.is_expression():
                continue
            if extent(child) == (start, end):
                self.inner_same(child, below if below != "whole" else "same")
            else:
                self.expression(child, below)

    def inner_same(self, child, context):
        kind = child.kind
        if kind == K.DECL_REF_EXPR or kind == K.INTEGER_LITERAL or self.is_duration(child) or kind == K.LAMBDA_EXPR:
            self.expression(child, "not" if child.type.get_canonical().kind == TypeKind.BOOL else context)
        else:
            self.inner(child, context)

    def assigned(self, cursor, children):
        """The left side of an assignment is a place, not a value."""
        if cursor.kind == K.BINARY_OPERATOR or cursor.kind == K.COMPOUND_ASSIGNMENT_OPERATOR or \
                cursor.spelling.startswith("operator"):
            if len(children) >= 2 and self.source.operator(*extent(cursor)) is None:
                return children[0]
        if cursor.kind == K.UNARY_OPERATOR and self.source.text(*extent(cursor))[:2] in ("++", "--"):
            return children[0]
        return None

    def truth(self, cursor, context):
        if context in ("not", "same", "check", "discarded"):
            return
        if cursor.kind in (K.DECL_REF_EXPR, K.MEMBER_REF_EXPR):
            return  # a place; where it is read, a conversion stands around it
        start, end = extent(cursor)
        if self.source.operator(start, end) is None and b" = " in self.source.bytes[start:end] and \
                cursor.kind == K.BINARY_OPERATOR:
            return  # an assignment
        if cursor.kind == K.COMPOUND_ASSIGNMENT_OPERATOR or (cursor.kind == K.UNARY_OPERATOR and
                                                             self.source.bytes[start:start + 1] != b"!"):
            return
        text = self.source.text(start, end)
        if cursor.kind == K.CXX_BOOL_LITERAL_EXPR:
            self.replace("constant", cursor, "false" if text == "true" else "true")
            return
        operation = self.source.operator(start, end)
        word = operation[0] if operation else ""
        if word in RELATIONAL:
            self.relational(cursor, operation)
        # Of a && b && c each side is once taken for granted, and the whole is once false; so nothing is asked twice.
        if word in ("&&", "||"):
            if context in ("and", "or"):
                return
            self.replace("negated", cursor, f"!({text})", "static_cast<bool>")
            self.replace("constant", cursor, "false" if word == "&&" else "true", "static_cast<bool>")
        elif context == "and":
            self.replace("constant", cursor, "true", "static_cast<bool>")
        elif context == "or":
            self.replace("constant", cursor, "false", "static_cast<bool>")
        else:
            self.replace("negated", cursor, f"!({text})", "static_cast<bool>")
            self.replace("constant", cursor, "true", "static_cast<bool>")
            self.replace("constant", cursor, "false", "static_cast<bool>")

    def relational(self, cursor, operation):
        word, left, right = operation
        start, end = extent(cursor)
        text = f"{self.source.text(start, left)} {RELATIONAL[word]} {self.source.text(right, end)}"
        self.replace("relational", cursor, text, "static_cast<bool>")

    def logical(self, cursor, operation):
        word, left, right = operation
        start, end = extent(cursor)
        other = "||" if word == "&&" else "&&"
        # Each side in parentheses: the other operator must not bind differently.
        text = f"({self.source.text(start, left)}) {other} ({self.source.text(right, end)})"
        self.replace("logical", cursor, text, "static_cast<bool>")

    def arithmetic(self, cursor, operation):
        if not operation or operation[0] not in "+-" or b'"' in self.source.bytes[slice(*extent(cursor))] or cursor.type.get_canonical().kind == TypeKind.BOOL:
            return
        word, left, right = operation
        start, end = extent(cursor)
        if self.is_duration(cursor) and any("Instant" in each.type.spelling for each in cursor.get_children()):
            return  # the distance of two instants; there is no sum of them
        text = f"{self.source.text(start, left)} {'-' if word == '+' else '+'} {self.source.text(right, end)}"
        self.replace("arithmetic", cursor, text)

    def algorithm(self, cursor):
        if cursor.kind == K.CALL_EXPR and cursor.spelling in ALGORITHMS:
            text = self.source.text(*extent(cursor))
            wanted = "std::" + cursor.spelling
            if text.startswith(wanted):
                self.replace("algorithm", cursor, "std::" + ALGORITHMS[cursor.spelling] + text[len(wanted):])

    def literal(self, cursor):
        text = self.source.text(*extent(cursor))
        if self.in_field or not text.replace("'", "").isdigit():
            return
        value = int(text.replace("'", ""))
        self.replace("literal", cursor, str(value + 1))
        if value > 0:
            self.replace("literal", cursor, str(value - 1))

    def is_duration(self, cursor):
        spelling = cursor.type.get_canonical().spelling
        return spelling.startswith(DURATION) or spelling.startswith("const " + DURATION)

    def duration(self, cursor):
        """Time-outs: what is read from the formulae or the setup, not what is measured."""
        start, end = extent(cursor)
        text = self.source.text(start, end)
        if self.in_field:
            return False
        if self.function.startswith("Timeouts::"):
            self.replace("time", cursor, f"({text}) * 2", "dyad::Duration")
            self.replace("time", cursor, f"({text}) / 2", "dyad::Duration")
            self.replace("time", cursor, f"({text}) + heartbeat", "dyad::Duration")
            return True
        named = cursor.kind in (K.CALL_EXPR, K.UNEXPOSED_EXPR) and \
            any(word in text for word in ("timeouts.", "m_silence.", "m_setup.", "Timeout")) and " " not in text
        written = text[-1:] == "s" and text[:1].isdigit() and " " not in text
        if named or written:
            self.replace("time", cursor, f"({text}) * 2", "dyad::Duration")
            self.replace("time", cursor, f"({text}) / 2", "dyad::Duration")
        return False


def extent(cursor):
    return cursor.extent.start.offset, cursor.extent.end.offset


def qualified(cursor):
    parent = cursor.semantic_parent
    owner = parent.spelling + "::" if parent is not None and parent.kind in (K.STRUCT_DECL, K.CLASS_DECL) else ""
    return owner + cursor.spelling


def is_check(source, cursor):
    start, _ = extent(cursor)
    return source.bytes[start:start + 11] == b"DYAD_CHECK("


def neighbour(text, constant):
    """The next value of the enumeration; of the last one the first."""
    names = [each.spelling for each in constant.semantic_parent.get_children() if each.kind == K.ENUM_CONSTANT_DECL]
    following = names[(names.index(constant.spelling) + 1) % len(names)]
    return text[:len(text) - len(constant.spelling)] + following


def lambda_is_void(compound):
    def returns_value(cursor):
        for child in cursor.get_children():
            if child.kind == K.LAMBDA_EXPR:
                continue
            if child.kind == K.RETURN_STMT and list(child.get_children()):
                return True
            if returns_value(child):
                return True
        return False
    return not returns_value(compound)


def places(cursor, found):
    if cursor.kind in (K.MEMBER_REF_EXPR, K.DECL_REF_EXPR) and cursor.referenced is not None:
        found.add(cursor.referenced.spelling)
    for child in cursor.get_children():
        places(child, found)
    return found


def last_statement(cursor):
    children = list(cursor.get_children())
    if cursor.kind in (K.COMPOUND_STMT, K.CASE_STMT, K.DEFAULT_STMT) and children:
        return last_statement(children[-1])
    return cursor


# What the members of StepContext change besides the list of actions.
STEP_CONTEXT = {"explain": set(), "act": set(), "raise": {"alarms"}, "clear": {"alarms"},
                "transition": {"role", "since", "why"},
                "request": {"pending", "answer", "state", "mayRun", "detail", "lastOperation", "epoch", "key", "takeover"}}
WRITING_MEMBERS = ("reset", "clear", "push_back")


def written(cursor):
    """(names of what the statement writes or might, whether it tells of something); None if that is not plain."""
    children = list(cursor.get_children())
    if cursor.kind == K.UNEXPOSED_EXPR and len(children) == 1:
        return written(children[0])
    if cursor.kind in (K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR, K.UNARY_OPERATOR) or \
            cursor.spelling == "operator=":
        return ({children[0].spelling}, False) if children and children[0].spelling else None
    if cursor.kind != K.CALL_EXPR or not children:
        return None
    method = cursor.referenced
    if method is not None and method.semantic_parent is not None and method.semantic_parent.spelling == "StepContext":
        return (STEP_CONTEXT[cursor.spelling], True) if cursor.spelling in STEP_CONTEXT else None
    if cursor.spelling in WRITING_MEMBERS and children[0].kind == K.MEMBER_REF_EXPR:
        owner = list(children[0].get_children())
        return ({owner[0].spelling}, False) if owner and owner[0].spelling else None
    return None


def independent(first, second):
    """Two statements of which neither touches what the other one writes: their order can't matter."""
    a, b = written(first), written(second)
    if a is None or b is None or (a[1] and b[1]) or "move" in places(first, places(second, set())):
        return False
    touched_a, touched_b = places(first, set()) | a[0], places(second, set()) | b[0]
    return not (a[0] & touched_b) and not (b[0] & touched_a)
