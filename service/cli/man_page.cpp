// SPDX-License-Identifier: Apache-2.0
#include "cli/man_page.h"

#include "cli/exit_codes.h"

#include <algorithm>

namespace dyad::cli {
namespace {

// Backslashes and minus signs mean something to roff, and so do points and quotes at the beginning of a line.
std::string roff(const std::string& text) {
    std::string out;
    bool lineBegins = true;
    for (const char each : text) {
        if (lineBegins && (each == '.' || each == '\'')) out += "\\&";
        lineBegins = each == '\n';
        if (each == '\\')
            out += "\\e";
        else if (each == '-')
            out += "\\-";
        else if (each == '`')
            out += "\\(ga";
        else
            out += each;
    }
    return out;
}

std::string pageName(const CommandNode& node) {
    std::string name = node.path;
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
    return text;
}

std::string synopsis(const CommandNode& node) {
    std::string text = ".B " + roff(node.path) + "\n";
    bool options = false;
    for (const OptionNode& option : node.options) {
        if (option.place.empty()) {
            options = true;
            continue;
        }
        text += option.required ? ".I " + roff(option.place) + "\n" : ".RI [ " + roff(option.place) + " ]\n";
    }
    if (!node.commands.empty()) text += ".I COMMAND\n";
    if (options) text += "[\\fIOPTIONS\\fR]\n";
    return text;
}

std::string optionText(const OptionNode& option) {
    std::string text = ".TP\n";
    std::string head;
    for (const std::string& name : option.names)
        head += (head.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
    if (option.names.empty()) head = "\\fI" + roff(option.place) + "\\fR";
    std::string value = option.value;
    if (!option.choices.empty()) {
        value.clear();
        for (const std::string& choice : option.choices)
            value += (value.empty() ? "" : "|") + choice;
    }
    if (!value.empty() && !option.names.empty()) head += " \\fI" + roff(value) + "\\fR";
    text += head + "\n" + roff(option.help);
    if (option.names.empty() && !option.choices.empty()) text += " (" + roff(value) + ")";
    if (!option.byDefault.empty()) text += " (default: " + roff(option.byDefault) + ")";
    return text + "\n";
}

std::string pageText(const CommandNode& node, const CommandNode& root, const std::string& version) {
    const bool whole = &node == &root;
    const std::string help = whole ? "shows and moves the groups that two hosts keep running" : node.help;
    std::string text = ".TH " + roff(upper(pageName(node))) + " 1 \"\" \"Dyad " + roff(version) + "\" \"Dyad\"\n";
    text += ".SH NAME\n" + roff(pageName(node)) + " \\- " + roff(help) + "\n";
    text += ".SH SYNOPSIS\n" + synopsis(node);
    if (!node.commands.empty()) {
        text += ".SH COMMANDS\n";
        for (const CommandNode& sub : node.commands)
            text += ".TP\n.BR " + roff(pageName(sub)) + " (1)\n" + roff(sub.help) + "\n";
    }
    if (!node.options.empty()) {
        text += ".SH OPTIONS\n";
        for (const OptionNode& option : node.options)
            text += optionText(option);
    }
    if (!whole) {
        text += ".SH COMMON OPTIONS\nThey may stand before the command or behind it.\n";
        for (const OptionNode& option : root.options)
            if (option.names != std::vector<std::string>{"--help", "-h"} &&
                option.names != std::vector<std::string>{"-h", "--help"})
                text += optionText(option);
    }
    text += ".SH EXIT STATUS\n";
    for (const exit_code::Meaning& each : exit_code::meanings)
        text += ".TP\n.B " + std::to_string(each.code) + "\n" + roff(each.words) + "\n";
    text += ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nWhere it is set, nothing is coloured.\n";
    text += ".SH FILES\n.TP\n.I /etc/dyad/dyad.toml\nThe configuration; the nodes' addresses are taken from it.\n"
            ".TP\n.I /etc/dyad/operator.token\nThe token that is shown to the service.\n"
            ".TP\n.I /etc/dyad/tls/certificate.pem\nThe one certificate that is trusted.\n";
    text += ".SH SEE ALSO\n";
    text += whole ? ".BR dyadd (8)\n" : ".BR dyad (1)\n";
    return text;
}

void add(const CommandNode& node, const CommandNode& root, const std::string& version, std::vector<ManPage>& pages) {
    pages.push_back({pageName(node) + ".1", pageText(node, root, version)});
    for (const CommandNode& sub : node.commands)
        add(sub, root, version, pages);
}

} // namespace

std::vector<ManPage> manPages(const CommandNode& root, const std::string& version) {
    std::vector<ManPage> pages;
    add(root, root, version, pages);
    return pages;
}

} // namespace dyad::cli
