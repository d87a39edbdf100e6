// SPDX-License-Identifier: Apache-2.0
// Reads one TOML table key by key. What is asked for is thereby known; finish() reports every other key. A value of the
// wrong kind is reported once and then treated as absent, so that reading goes on and the next problem is found too.
#pragma once

#include "base/time.h"
#include "config/problems.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <utility>
#include <vector>

namespace dyad::config {

inline constexpr std::size_t maxTextLength = 4096;
inline constexpr std::size_t maxWords = 256; // of one array, one environment

[[nodiscard]] Place placeOf(const toml::node& node);

struct Word {
    std::string text;
    Place at;
};

class TableReader {
public:
    // `subject` begins every sentence about this table: group "erp". Both references must outlive the reader.
    TableReader(const toml::table& table, std::string subject, Problems& problems)
        : m_table(table), m_subject(std::move(subject)), m_problems(problems) {}

    [[nodiscard]] const std::string& subject() const { return m_subject; }
    void setSubject(std::string subject) { m_subject = std::move(subject); }
    [[nodiscard]] Place place() const { return placeOf(m_table); }
    // Of the key's value; of the table where it is absent.
    [[nodiscard]] Place place(std::string_view key) const;
    [[nodiscard]] bool has(std::string_view key) const { return m_table.contains(key); }
    [[nodiscard]] bool isText(std::string_view key) const { return m_table.get_as<std::string>(key) != nullptr; }
    [[nodiscard]] bool isTable(std::string_view key) const { return m_table.get_as<toml::table>(key) != nullptr; }

    // Never empty, without control characters, at most maxTextLength bytes.
    [[nodiscard]] std::optional<std::string> text(std::string_view key);
    // Absent is a problem; `example` is shown as the remedy: name = "erp-pair".
    [[nodiscard]] std::optional<std::string> requiredText(std::string_view key, std::string_view example);
    [[nodiscard]] std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most,
                                      std::int64_t otherwise);
    [[nodiscard]] bool truth(std::string_view key, bool otherwise);
    // The key ends in _s; a decimal fraction is allowed.
    [[nodiscard]] Duration seconds(std::string_view key, Duration least, Duration most, Duration otherwise);
    // The key ends in _ms; whole numbers.
    [[nodiscard]] Duration milliseconds(std::string_view key, Duration least, Duration most, Duration otherwise);
    // An array of texts (which may be empty or hold several lines); absent is nullopt, [] is empty.
    [[nodiscard]] std::optional<std::vector<Word>> words(std::string_view key);
    [[nodiscard]] const toml::table* table(std::string_view key);
    // [[key]] blocks; at most `most` are returned, more are a problem.
    [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key, std::size_t most);

    template <typename Choice>
    [[nodiscard]] Choice choice(std::string_view key, std::initializer_list<std::pair<const char*, Choice>> words,
                                Choice otherwise) {
        std::vector<std::string> names;
        for (const auto& [name, value] : words)
            names.emplace_back(name);
        const std::optional<std::size_t> index = chosen(key, names);
        return index ? (words.begin() + *index)->second : otherwise;
    }

    // A problem with the value of `key`: "SUBJECT: key = value TEXT". `show` false keeps the value (a secret) out.
    void wrong(std::string_view key, std::string_view text, std::string remedy, bool show = true);
    void missing(std::string_view key, std::string_view example);
    void finish();

private:
    [[nodiscard]] const toml::node* find(std::string_view key);
    [[nodiscard]] std::optional<std::size_t> chosen(std::string_view key, const std::vector<std::string>& names);
    [[nodiscard]] bool clean(std::string_view key, std::string_view text, Place at);
    [[nodiscard]] bool cleanArgument(std::string_view key, std::string_view text, Place at);
    void wrongKind(std::string_view key, const toml::node& node, std::string_view expected);
    void outOfRange(std::string_view key, const toml::node& node, const std::string& range);

    const toml::table& m_table;
    std::string m_subject;
    Problems& m_problems;
    std::vector<std::string> m_known;
};

} // namespace dyad::config
