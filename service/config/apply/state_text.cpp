// SPDX-License-Identifier: Apache-2.0
// The bookkeeping as text, so that an administrator can read it in an emergency:
//
//   dyad-config-state 1
//   installed 0123456789abcdef
//   revision NUMBER DIGEST PARENT HAND(0|1) WALL-CLOCK-MS NODE WHO…
//   staged ATTEMPT BASE COORDINATOR(0|1) NUMBER DIGEST PARENT WALL-CLOCK-MS NODE WHO…
#include "config/apply/revision_store.h"

#include <charconv>
#include <sstream>

namespace dyad::config {

namespace {

constexpr std::string_view header = "dyad-config-state 1";

std::string hex(std::uint64_t number) {
    char digits[17] = {};
    for (int i = 15; i >= 0; --i, number >>= 4)
        digits[i] = "0123456789abcdef"[number & 15];
    return digits;
}

// A name without white space, so that the line can be taken apart again.
std::string word(const std::string& text) {
    std::string out;
    for (const char c : text.substr(0, 200))
        out += c <= ' ' ? '_' : c;
    return out.empty() ? "-" : out;
}
std::string rest(const std::string& text) {
    std::string out;
    for (const char c : text.substr(0, 200))
        out += static_cast<unsigned char>(c) < ' ' ? '_' : c;
    return out.empty() ? "-" : out;
}

class LineReader {
public:
    explicit LineReader(std::string_view line) : m_line(line) {}
    std::string_view next() {
        const std::size_t end = m_line.find(' ');
        const std::string_view found = m_line.substr(0, end);
        m_line.remove_prefix(end == std::string_view::npos ? m_line.size() : end + 1);
        if (found.empty()) m_good = false;
        return found;
    }
    template <typename Number>
    Number number(int base = 10) {
        const std::string_view digits = next();
        Number value{};
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
        if (error != std::errc() || end != digits.data() + digits.size()) m_good = false;
        return value;
    }
    bool truth() { return number<unsigned>() == 1; }
    std::string remainder() { return std::string(std::exchange(m_line, {})); }
    [[nodiscard]] bool good() const { return m_good && m_line.empty(); }

private:
    std::string_view m_line;
    bool m_good = true;
};

} // namespace

std::string toText(const KeptState& state) {
    std::ostringstream out;
    out << header << "\ninstalled " << hex(state.installed) << '\n';
    for (const RevisionRecord& each : state.apply.history)
        out << "revision " << each.revision.number << ' ' << hex(each.revision.digest) << ' ' << hex(each.parent) << ' '
            << (each.byHand ? 1 : 0) << ' ' << each.wallClockMs << ' ' << word(each.node) << ' ' << rest(each.who)
            << '\n';
    if (const auto& staged = state.apply.staged)
        out << "staged " << staged->attempt << ' ' << hex(staged->peerBase) << ' ' << (staged->coordinator ? 1 : 0)
            << ' ' << staged->record.revision.number << ' ' << hex(staged->record.revision.digest) << ' '
            << hex(staged->record.parent) << ' ' << staged->record.wallClockMs << ' ' << word(staged->record.node)
            << ' ' << rest(staged->record.who) << '\n';
    return out.str();
}

Result<KeptState> parseState(std::string_view text) {
    KeptState state;
    unsigned number = 0;
    const auto bad = [&](const std::string& why) {
        return Error{"read the bookkeeping of the configuration", "line " + std::to_string(number), why, ""};
    };
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return bad("its end is missing");
        LineReader line(text.substr(0, end));
        const std::string_view whole = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (++number == 1) {
            if (whole != header) return bad("not \"" + std::string(header) + "\"");
            continue;
        }
        const std::string_view kind = line.next();
        if (kind == "installed") {
            state.installed = line.number<std::uint64_t>(16);
        } else if (kind == "revision") {
            RevisionRecord record;
            record.revision.number = line.number<std::uint64_t>();
            record.revision.digest = line.number<std::uint64_t>(16);
            record.parent = line.number<std::uint64_t>(16);
            record.byHand = line.truth();
            record.wallClockMs = line.number<std::int64_t>();
            record.node = line.next();
            record.who = line.remainder();
            state.apply.history.push_back(std::move(record));
            if (state.apply.history.size() > model::maxRevisionsKept) return bad("too many revisions");
        } else if (kind == "staged") {
            StagedRevision staged;
            staged.attempt = line.number<std::uint64_t>();
            staged.peerBase = line.number<std::uint64_t>(16);
            staged.coordinator = line.truth();
            staged.record.revision.number = line.number<std::uint64_t>();
            staged.record.revision.digest = line.number<std::uint64_t>(16);
            staged.record.parent = line.number<std::uint64_t>(16);
            staged.record.wallClockMs = line.number<std::int64_t>();
            staged.record.node = line.next();
            staged.record.who = line.remainder();
            state.apply.staged = std::move(staged);
        } else {
            return bad("no word of ours: " + std::string(kind.substr(0, 40)));
        }
        if (!line.good()) return bad("it can't be taken apart");
    }
    if (number == 0) return bad("it is empty");
    return state;
}

} // namespace dyad::config
