// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal_line.h"

#include <charconv>
#include <cstdint>
#include <cstdio>

namespace dyad::recorder {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD

// Length of the well-formed UTF-8 sequence at the beginning (Unicode table 3-7), 0 where there is none.
std::size_t utf8Length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i, unsigned char least = 0x80, unsigned char most = 0xbf) {
        return i < text.size() && byte(i) >= least && byte(i) <= most;
    };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned char least = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned char most = first == 0xed ? 0x9f : 0xbf;
        return follows(1, least, most) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned char least = first == 0xf0 ? 0x90 : 0x80;
        const unsigned char most = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, least, most) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

void appendString(std::string& line, std::string_view text, std::size_t most) {
    line += '"';
    for (std::size_t i = 0; i < text.size() && i < most;) {
        const char c = text[i];
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
            ++i;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char code[8];
            std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
            line += code;
            ++i;
        } else if (const std::size_t length = utf8Length(text.substr(i)); length > 0) {
            line += text.substr(i, length);
            i += length;
        } else {
            line += replacement;
            ++i;
        }
    }
    line += '"';
}

// Reads just what toLine writes, with any spacing and order.
class LineReader {
public:
    explicit LineReader(std::string_view text) : m_text(text) {}

    bool take(char wanted) {
        while (m_at < m_text.size() && (m_text[m_at] == ' ' || m_text[m_at] == '\t'))
            ++m_at;
        if (m_at >= m_text.size() || m_text[m_at] != wanted) return false;
        ++m_at;
        return true;
    }
    [[nodiscard]] bool atEnd() const { return m_at == m_text.size(); }

    bool string(std::string& out) {
        if (!take('"')) return false;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at++];
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\')
                out += c;
            else if (!escape(out))
                return false;
        }
        return false;
    }

    template <typename Number>
    bool number(Number& out) {
        while (m_at < m_text.size() && m_text[m_at] == ' ')
            ++m_at;
        const char* const begin = m_text.data() + m_at;
        const auto [end, error] = std::from_chars(begin, m_text.data() + m_text.size(), out);
        m_at += static_cast<std::size_t>(end - begin);
        return error == std::errc();
    }

private:
    bool escape(std::string& out) {
        if (m_at >= m_text.size()) return false;
        const char c = m_text[m_at++];
        switch (c) {
        case '"':
        case '\\':
        case '/': out += c; return true;
        case 'b': out += '\b'; return true;
        case 'f': out += '\f'; return true;
        case 'n': out += '\n'; return true;
        case 'r': out += '\r'; return true;
        case 't': out += '\t'; return true;
        case 'u': break;
        default: return false;
        }
        unsigned code = 0;
        if (m_at + 4 > m_text.size()) return false;
        const char* const begin = m_text.data() + m_at;
        const auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
        if (error != std::errc() || end != begin + 4) return false;
        m_at += 4;
        if (code >= 0x80) return false; // toLine writes these as they are
        out += static_cast<char>(code);
        return true;
    }

    std::string_view m_text;
    std::size_t m_at = 0;
};

std::optional<model::Severity> severityOf(std::string_view word) {
    for (const model::Severity severity :
         {model::Severity::Information, model::Severity::Warning, model::Severity::Critical})
        if (word == toText(severity)) return severity;
    return std::nullopt;
}

bool readValue(LineReader& reader, const std::string& key, model::JournalEntry& entry) {
    std::int64_t number = 0;
    std::string word;
    if (key == "sequence") return reader.number(entry.sequence) && entry.sequence > 0;
    if (key == "at_ns") {
        if (!reader.number(number)) return false;
        entry.at = Instant::fromNanoseconds(number);
        return true;
    }
    if (key == "wall_ms") return reader.number(entry.wallClockMs);
    if (key == "kind") return reader.string(entry.kind);
    if (key == "group") return reader.string(entry.group);
    if (key == "resource") return reader.string(entry.resource);
    if (key == "text") return reader.string(entry.text);
    if (key == "severity") {
        if (!reader.string(word)) return false;
        const std::optional<model::Severity> severity = severityOf(word);
        if (severity) entry.severity = *severity;
        return severity.has_value();
    }
    return reader.number(number) || reader.string(word);
}

} // namespace

std::string toLine(const model::JournalEntry& entry) {
    std::string line = "{\"sequence\":" + std::to_string(entry.sequence) +
                       ",\"at_ns\":" + std::to_string(entry.at.nanoseconds()) +
                       ",\"wall_ms\":" + std::to_string(entry.wallClockMs) + ",\"severity\":\"" +
                       toText(entry.severity) + "\",\"kind\":";
    appendString(line, entry.kind, maxWordBytes);
    line += ",\"group\":";
    appendString(line, entry.group, maxWordBytes);
    line += ",\"resource\":";
    appendString(line, entry.resource, maxWordBytes);
    line += ",\"text\":";
    appendString(line, entry.text, maxTextBytes);
    line += '}';
    return line;
}

std::optional<model::JournalEntry> fromLine(std::string_view line) {
    if (line.size() > maxLineBytes) return std::nullopt;
    model::JournalEntry entry;
    LineReader reader(line);
    if (!reader.take('{')) return std::nullopt;
    do {
        std::string key;
        if (!reader.string(key) || !reader.take(':') || !readValue(reader, key, entry)) return std::nullopt;
    } while (reader.take(','));
    if (!reader.take('}') || !reader.atEnd() || entry.sequence == 0) return std::nullopt;
    return entry;
}

} // namespace dyad::recorder
