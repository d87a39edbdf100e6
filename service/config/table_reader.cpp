// SPDX-License-Identifier: Apache-2.0
#include "config/table_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace dyad::config {

namespace {

std::string valueText(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    std::ostringstream out;
    node.visit([&](const auto& value) { out << value; });
    return out.str();
}

// As it stands in a sentence: texts in quotes, all else as TOML writes it.
std::string shown(const toml::node& node) {
    if (node.is_string()) return inQuotes(valueText(node));
    if (node.is_table()) return "{...}";
    if (node.is_array()) return "[...]";
    return valueText(node);
}

const char* kindText(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a decimal point";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
    }
}

std::string decimal(double number) {
    char text[48];
    std::snprintf(text, sizeof text, "%.10g", number);
    return text;
}

} // namespace

Place placeOf(const toml::node& node) {
    const auto& begin = node.source().begin;
    return begin.line > 0 ? Place{static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column)} : Place{};
}

Place TableReader::place(std::string_view key) const {
    const toml::node* node = m_table.get(key);
    return node ? placeOf(*node) : place();
}

const toml::node* TableReader::find(std::string_view key) {
    if (std::find(m_known.begin(), m_known.end(), key) == m_known.end()) m_known.emplace_back(key);
    return m_table.get(key);
}

void TableReader::wrong(std::string_view key, std::string_view text, std::string remedy, bool show) {
    const toml::node* node = m_table.get(key);
    std::string sentence = m_subject + ": " + std::string(key);
    if (node && show) sentence += " = " + shown(*node);
    m_problems.error(place(key), key, node && show ? valueText(*node) : "", sentence + " " + std::string(text),
                     std::move(remedy));
}

void TableReader::missing(std::string_view key, std::string_view example) {
    m_problems.error(place(), key, "", m_subject + ": the key " + inQuotes(key) + " is missing",
                     "add " + std::string(example));
}

void TableReader::wrongKind(std::string_view key, const toml::node& node, std::string_view expected) {
    m_problems.error(placeOf(node), key, valueText(node),
                     m_subject + ": " + std::string(key) + " = " + shown(node) + " is " + kindText(node),
                     "write " + std::string(expected));
}

void TableReader::outOfRange(std::string_view key, const toml::node& node, const std::string& range) {
    m_problems.error(placeOf(node), key, valueText(node),
                     m_subject + ": " + std::string(key) + " = " + shown(node) + " is out of range",
                     "write a number " + range);
}

bool TableReader::clean(std::string_view key, std::string_view text, Place at) {
    std::string trouble;
    if (text.empty())
        trouble = "is empty";
    else if (text.size() > maxTextLength)
        trouble = "is longer than " + std::to_string(maxTextLength) + " bytes";
    else if (std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }))
        trouble = "has a control character in it";
    if (trouble.empty()) return true;
    m_problems.error(at, key, text, m_subject + ": " + std::string(key) + " = " + inQuotes(text) + " " + trouble,
                     text.empty() ? "write a value or remove the key"
                                  : "write it on one line, without control characters");
    return false;
}

bool TableReader::cleanArgument(std::string_view key, std::string_view text, Place at) {
    std::string trouble;
    if (text.size() > maxTextLength)
        trouble = "is longer than " + std::to_string(maxTextLength) + " bytes";
    else if (text.find('\0') != std::string_view::npos)
        trouble = "has a zero byte in it";
    if (trouble.empty()) return true;
    m_problems.error(at, key, text,
                     m_subject + ": an entry of " + std::string(key) + ", " + inQuotes(text) + ", " + trouble,
                     "put what is long into a file of its own");
    return false;
}

std::optional<std::string> TableReader::text(std::string_view key) {
    const toml::node* node = find(key);
    if (!node) return std::nullopt;
    const auto* value = node->as_string();
    if (!value) {
        wrongKind(key, *node, "a text in quotes");
        return std::nullopt;
    }
    if (!clean(key, value->get(), placeOf(*node))) return std::nullopt;
    return value->get();
}

std::optional<std::string> TableReader::requiredText(std::string_view key, std::string_view example) {
    if (!find(key)) {
        missing(key, example);
        return std::nullopt;
    }
    return text(key);
}

std::int64_t TableReader::number(std::string_view key, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
    const toml::node* node = find(key);
    if (!node) return otherwise;
    const auto* value = node->as_integer();
    if (!value) {
        wrongKind(key, *node, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return otherwise;
    }
    if (value->get() < least || value->get() > most) {
        outOfRange(key, *node, "from " + std::to_string(least) + " to " + std::to_string(most));
        return otherwise;
    }
    return value->get();
}

Duration TableReader::seconds(std::string_view key, Duration least, Duration most, Duration otherwise) {
    const toml::node* node = find(key);
    if (!node) return otherwise;
    const auto inSeconds = [](Duration d) { return std::chrono::duration<double>(d).count(); };
    const std::string range = "from " + decimal(inSeconds(least)) + " to " + decimal(inSeconds(most));
    double value = 0;
    if (const auto* whole = node->as_integer())
        value = static_cast<double>(whole->get());
    else if (const auto* fraction = node->as_floating_point())
        value = fraction->get();
    else {
        wrongKind(key, *node, "a number of seconds " + range);
        return otherwise;
    }
    if (!(value >= inSeconds(least) && value <= inSeconds(most))) { // written so that nan is out of range too
        outOfRange(key, *node, "of seconds " + range);
        return otherwise;
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

Duration TableReader::milliseconds(std::string_view key, Duration least, Duration most, Duration otherwise) {
    const auto inMs = [](Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
    return std::chrono::milliseconds(number(key, inMs(least), inMs(most), inMs(otherwise)));
}

bool TableReader::truth(std::string_view key, bool otherwise) {
    const toml::node* node = find(key);
    if (!node) return otherwise;
    const auto* value = node->as_boolean();
    if (!value) wrongKind(key, *node, "true or false, without quotes");
    return value ? value->get() : otherwise;
}

std::optional<std::vector<Word>> TableReader::words(std::string_view key) {
    const toml::node* node = find(key);
    if (!node) return std::nullopt;
    const auto* list = node->as_array();
    if (!list) {
        wrongKind(key, *node, "a list of texts: " + std::string(key) + " = [\"...\"]");
        return std::nullopt;
    }
    if (list->size() > maxWords) {
        wrong(key, "has more than " + std::to_string(maxWords) + " entries", "write fewer");
        return std::nullopt;
    }
    std::vector<Word> found;
    bool good = true;
    for (const toml::node& each : *list) {
        const auto* value = each.as_string();
        if (!value) {
            wrongKind(key, each, "every entry as a text in quotes");
            good = false;
        } else if (!cleanArgument(key, value->get(), placeOf(each))) {
            good = false;
        } else {
            found.push_back({value->get(), placeOf(each)});
        }
    }
    if (!good) return std::nullopt;
    return found;
}

const toml::table* TableReader::table(std::string_view key) {
    const toml::node* node = find(key);
    if (!node) return nullptr;
    if (!node->is_table()) wrongKind(key, *node, "a table: " + std::string(key) + " = { ... }");
    return node->as_table();
}

std::vector<const toml::table*> TableReader::tables(std::string_view key, std::size_t most) {
    std::vector<const toml::table*> found;
    const toml::node* node = find(key);
    if (!node) return found;
    const auto* list = node->as_array();
    if (!list) {
        wrongKind(key, *node, "it as a block of its own: [[" + std::string(key) + "]]");
        return found;
    }
    for (const toml::node& each : *list) {
        if (const toml::table* block = each.as_table())
            found.push_back(block);
        else
            wrongKind(key, each, "it as a block of its own: [[" + std::string(key) + "]]");
    }
    if (found.size() > most) {
        m_problems.error(placeOf(*found[most]), key, std::to_string(found.size()),
                         m_subject + ": there are " + std::to_string(found.size()) + " " + std::string(key) + " blocks",
                         "write at most " + std::to_string(most));
        found.resize(most);
    }
    return found;
}

std::optional<std::size_t> TableReader::chosen(std::string_view key, const std::vector<std::string>& names) {
    const std::optional<std::string> word = text(key);
    if (!word) return std::nullopt;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == *word) return i;
    wrong(key, "is not one of " + alternatives(names), suggestion(*word, names));
    return std::nullopt;
}

void TableReader::finish() {
    for (auto&& [key, node] : m_table) {
        const std::string_view name = key.str();
        if (std::find(m_known.begin(), m_known.end(), name) != m_known.end()) continue;
        const auto& begin = key.source().begin;
        const Place at = begin.line > 0 ? Place{static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column)}
                                        : placeOf(node);
        m_problems.error(at, name, "", m_subject + ": unknown key " + inQuotes(name), suggestion(name, m_known));
    }
}

} // namespace dyad::config
