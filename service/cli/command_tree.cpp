// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.h"

#include <CLI/CLI.hpp>

namespace dyad::cli {
namespace {

// "TEXT:{on,off}" names what is allowed between the braces.
std::vector<std::string> choicesIn(const std::string& type) {
    std::vector<std::string> choices;
    const std::size_t open = type.find('{');
    const std::size_t close = type.find('}', open);
    if (open == std::string::npos || close == std::string::npos) return choices;
    std::string inside = type.substr(open + 1, close - open - 1);
    for (std::size_t from = 0; from <= inside.size();) {
        const std::size_t comma = std::min(inside.find(',', from), inside.size());
        choices.push_back(inside.substr(from, comma - from));
        from = comma + 1;
    }
    return choices;
}

OptionNode nodeOf(const CLI::Option& option) {
    OptionNode node;
    for (const std::string& name : option.get_lnames())
        node.names.push_back("--" + name);
    for (const std::string& name : option.get_snames())
        node.names.push_back("-" + name);
    if (option.get_positional()) node.place = option.get_name(true);
    if (option.get_items_expected_max() > 0) {
        const std::string type = option.get_type_name();
        node.choices = choicesIn(type);
        node.value = type.substr(0, type.find_first_of(":{"));
        if (node.value.empty()) node.value = "VALUE";
    }
    node.help = option.get_description();
    node.byDefault = option.get_default_str();
    node.required = option.get_required();
    return node;
}

} // namespace

CommandNode treeOf(const CLI::App& app, const std::string& before) {
    CommandNode node;
    node.name = app.get_name();
    node.path = before.empty() ? node.name : before + " " + node.name;
    node.help = app.get_description();
    for (const CLI::Option* option : app.get_options())
        node.options.push_back(nodeOf(*option));
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        if (!sub->get_group().empty()) // a command without a group is for other programs only
            node.commands.push_back(treeOf(*sub, node.path));
    return node;
}

} // namespace dyad::cli
