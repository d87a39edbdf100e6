// SPDX-License-Identifier: Apache-2.0
#include "config/diff.h"

#include "config/quoted.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <toml++/toml.h>

namespace dyad::config {

namespace {

using Flat = std::map<std::string, std::string>;

std::string valueText(const toml::node& node) {
    std::ostringstream out;
    if (const auto* text = node.as_string()) return quoted(text->get());
    if (const auto* list = node.as_array()) {
        std::string words;
        for (const toml::node& each : *list)
            words += (words.empty() ? "" : ", ") + valueText(each);
        return "[" + words + "]";
    }
    if (const auto* table = node.as_table())
        out << *table;
    else if (const auto* number = node.as_integer())
        out << number->get();
    else if (const auto* fraction = node.as_floating_point())
        out << fraction->get();
    else if (const auto* truth = node.as_boolean())
        out << (truth->get() ? "true" : "false");
    else
        out << "(a date)";
    return out.str();
}

void flatten(const toml::node& node, const std::string& path, Flat& flat);

void flattenTable(const toml::table& table, const std::string& path, Flat& flat) {
    for (auto&& [key, value] : table)
        flatten(value, path.empty() ? std::string(key.str()) : path + "." + std::string(key.str()), flat);
}

// A block is known by its name, so that one more above it doesn't change all below.
void flattenBlocks(const toml::array& blocks, const std::string& path, Flat& flat) {
    std::map<std::string, int> seen;
    std::string order;
    for (const toml::node& each : blocks) {
        const toml::table& block = *each.as_table();
        std::string name = "#" + std::to_string(seen.size() + 1);
        if (const auto* named = block.get_as<std::string>("name")) name = named->get();
        if (seen[name]++ > 0) name += "#" + std::to_string(seen[name]);
        order += (order.empty() ? "" : ", ") + name;
        flattenTable(block, path + "." + name, flat);
    }
    // The order of blocks has a meaning (start order, arbiter, the nodes' numbers).
    flat[path + " (in this order)"] = order;
}

void flatten(const toml::node& node, const std::string& path, Flat& flat) {
    if (const auto* table = node.as_table()) return flattenTable(*table, path, flat);
    const auto* list = node.as_array();
    if (list && !list->empty() &&
        std::all_of(list->begin(), list->end(), [](const toml::node& each) { return each.is_table(); }))
        return flattenBlocks(*list, path, flat);
    flat[path] = valueText(node);
}

Flat flatOf(std::string_view text) {
    Flat flat;
    try {
        flattenTable(toml::parse(text), "", flat);
    } catch (const toml::parse_error&) {
        flat.clear();
    }
    return flat;
}

// --- lines ----------------------------------------------------------------------------------------------------------

std::vector<std::string_view> linesOf(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

struct Line {
    char sign;
    std::string_view text;
};

// The longest common subsequence by the table, over what is left between equal beginnings and ends.
std::vector<Line> align(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after) {
    std::size_t head = 0;
    while (head < before.size() && head < after.size() && before[head] == after[head])
        ++head;
    std::size_t tail = 0;
    while (tail < before.size() - head && tail < after.size() - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    const std::size_t rows = before.size() - head - tail;
    const std::size_t columns = after.size() - head - tail;
    std::vector<Line> lines;
    for (std::size_t i = 0; i < head; ++i)
        lines.push_back({' ', before[i]});
    if (rows > maxDiffLines || columns > maxDiffLines) {
        for (std::size_t i = 0; i < rows; ++i)
            lines.push_back({'-', before[head + i]});
        for (std::size_t i = 0; i < columns; ++i)
            lines.push_back({'+', after[head + i]});
    } else {
        // common[i][j]: how many lines the ends from i and from j have in common
        std::vector<std::vector<std::uint16_t>> common(rows + 1, std::vector<std::uint16_t>(columns + 1));
        for (std::size_t i = rows; i-- > 0;)
            for (std::size_t j = columns; j-- > 0;)
                common[i][j] = before[head + i] == after[head + j]
                                   ? static_cast<std::uint16_t>(common[i + 1][j + 1] + 1)
                                   : std::max(common[i + 1][j], common[i][j + 1]);
        std::size_t i = 0;
        std::size_t j = 0;
        while (i < rows || j < columns) {
            if (i < rows && j < columns && before[head + i] == after[head + j]) {
                lines.push_back({' ', before[head + i]});
                ++i;
                ++j;
            } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
                lines.push_back({'-', before[head + i++]});
            } else {
                lines.push_back({'+', after[head + j++]});
            }
        }
    }
    for (std::size_t i = before.size() - tail; i < before.size(); ++i)
        lines.push_back({' ', before[i]});
    return lines;
}

} // namespace

std::vector<Difference> differences(std::string_view before, std::string_view after) {
    const Flat first = flatOf(before);
    const Flat second = flatOf(after);
    std::vector<Difference> found;
    for (const auto& [key, value] : first) {
        const auto other = second.find(key);
        if (other == second.end())
            found.push_back({key, value, ""});
        else if (other->second != value)
            found.push_back({key, value, other->second});
    }
    for (const auto& [key, value] : second)
        if (!first.contains(key)) found.push_back({key, "", value});
    std::sort(found.begin(), found.end(), [](const Difference& a, const Difference& b) { return a.key < b.key; });
    return found;
}

std::string toText(const Difference& difference) {
    const auto shown = [](const std::string& value) { return value.empty() ? std::string("(not there)") : value; };
    return difference.key + ": " + shown(difference.before) + " → " + shown(difference.after);
}

std::string unifiedDiff(std::string_view before, std::string_view after, std::string_view beforeName,
                        std::string_view afterName) {
    constexpr std::size_t context = 3;
    if (before == after) return "";
    const std::vector<Line> lines = align(linesOf(before), linesOf(after));
    std::string out = "--- " + std::string(beforeName) + "\n+++ " + std::string(afterName) + "\n";
    std::size_t at = 0;
    std::size_t lineBefore = 1;
    std::size_t lineAfter = 1;
    const auto pass = [&](const Line& line) {
        lineBefore += line.sign != '+' ? 1 : 0;
        lineAfter += line.sign != '-' ? 1 : 0;
    };
    while (at < lines.size()) {
        std::size_t change = at;
        while (change < lines.size() && lines[change].sign == ' ')
            ++change;
        if (change == lines.size()) break;
        const std::size_t begin = change - std::min(change - at, context);
        while (at < begin)
            pass(lines[at++]);
        // Changes closer than two contexts share a hunk.
        std::size_t last = change;
        for (std::size_t i = change; i < lines.size() && i <= last + 2 * context; ++i)
            if (lines[i].sign != ' ') last = i;
        const std::size_t end = std::min(lines.size(), last + context + 1);
        std::string body;
        std::size_t countBefore = 0;
        std::size_t countAfter = 0;
        const std::size_t fromBefore = lineBefore;
        const std::size_t fromAfter = lineAfter;
        for (; at < end; ++at) {
            body += lines[at].sign;
            body += lines[at].text;
            body += '\n';
            countBefore += lines[at].sign != '+' ? 1 : 0;
            countAfter += lines[at].sign != '-' ? 1 : 0;
            pass(lines[at]);
        }
        const auto range = [](std::size_t from, std::size_t count) {
            return std::to_string(count == 0 ? from - 1 : from) + (count == 1 ? "" : "," + std::to_string(count));
        };
        out += "@@ -" + range(fromBefore, countBefore) + " +" + range(fromAfter, countAfter) + " @@\n" + body;
    }
    return out;
}

} // namespace dyad::config
