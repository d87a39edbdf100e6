// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <functional>

namespace dyad::cli {
namespace {

// In single quotes for a shell of the Bourne family.
std::string shellQuoted(const std::string& text) {
    std::string out = "'";
    for (const char each : text)
        out += each == '\'' ? std::string("'\\''") : std::string(1, each);
    return out + "'";
}

// fish knows \' within single quotes.
std::string fishQuoted(const std::string& text) {
    std::string out = "'";
    for (const char each : text) {
        if (each == '\'' || each == '\\') out += '\\';
        out += each;
    }
    return out + "'";
}

std::string firstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// Which names of the service fit in this place; empty: none.
std::string namesFor(const std::string& place) {
    if (place == "GROUP") return "groups";
    if (place == "NODE" || place == "--node") return "nodes";
    if (place == "RESOURCE") return "resources";
    if (place == "ALARM") return "alarms";
    return "";
}

void eachCommand(const CommandNode& node, const std::function<void(const CommandNode&)>& visit) {
    visit(node);
    for (const CommandNode& sub : node.commands)
        eachCommand(sub, visit);
}

// All that may stand next behind this command: subcommands, options, choices of its places. Options of the commands
// above may stand behind it, too.
std::string wordsAfter(const CommandNode& node, const CommandNode& root) {
    std::string words;
    const auto add = [&words](const std::string& word) { words += (words.empty() ? "" : " ") + word; };
    for (const CommandNode& sub : node.commands)
        add(sub.name);
    const auto optionsOf = [&](const CommandNode& from) {
        for (const OptionNode& option : from.options) {
            for (const std::string& name : option.names)
                if (name.rfind("--", 0) == 0) add(name);
            if (!option.place.empty())
                for (const std::string& choice : option.choices)
                    add(choice);
        }
    };
    optionsOf(node);
    if (&node != &root) optionsOf(root);
    return words;
}

std::string namesAfter(const CommandNode& node) {
    std::string kinds;
    for (const OptionNode& option : node.options)
        if (const std::string kind = namesFor(option.place); !kind.empty()) kinds += (kinds.empty() ? "" : " ") + kind;
    return kinds;
}

bool takesFile(const OptionNode& option) {
    for (const char* word : {"file", "File", "FILE", "PEM", "recording", "Configuration", "folder"})
        if (option.help.find(word) != std::string::npos || option.place.find(word) != std::string::npos) return true;
    return false;
}

// The heart of bash's and zsh's scripts: from the words so far to the command that they name.
std::string caseTable(const CommandNode& root) {
    std::string text;
    eachCommand(root, [&](const CommandNode& node) {
        text += "        " + shellQuoted(node.path) + ") words=" + shellQuoted(wordsAfter(node, root)) +
                " names=" + shellQuoted(namesAfter(node)) + " ;;\n";
    });
    return text;
}

std::string valueTable(const CommandNode& root) {
    std::string text;
    std::string seen = " ";
    eachCommand(root, [&](const CommandNode& node) {
        for (const OptionNode& option : node.options) {
            if (option.value.empty() || option.names.empty()) continue;
            std::string pattern;
            std::string choices;
            for (const std::string& name : option.names) {
                if (seen.find(" " + name + " ") != std::string::npos) continue;
                seen += name + " ";
                pattern += (pattern.empty() ? "" : "|") + name;
            }
            if (pattern.empty()) continue;
            for (const std::string& choice : option.choices)
                choices += (choices.empty() ? "" : " ") + choice;
            text += "        " + pattern + ") value=yes words=" + shellQuoted(choices) +
                    " names=" + shellQuoted(namesFor(option.names.front())) +
                    " files=" + (takesFile(option) ? "yes" : "no") + " ;;\n";
        }
    });
    return text;
}

std::string pathList(const CommandNode& root) {
    std::string text;
    eachCommand(root, [&](const CommandNode& node) { text += "|" + node.path; });
    return text + "|";
}

} // namespace

std::string bashCompletion(const CommandNode& root) {
    return "# bash completion for dyad, written by `dyad completion bash`; see dyad-completion(1)\n"
           "_dyad() {\n"
           "    local path=dyad words='' names='' value=no files=no word i\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local known=" +
           shellQuoted(pathList(root)) +
           "\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        word=${COMP_WORDS[i]}\n"
           "        [[ $known == *\"|$path $word|\"* ]] && path=\"$path $word\"\n"
           "    done\n"
           "    case $before in\n" +
           valueTable(root) +
           "    esac\n"
           "    if [[ $value == no ]]; then\n"
           "        case $path in\n" +
           caseTable(root) +
           "        esac\n"
           "    fi\n"
           "    if [[ -n $names && $current != -* ]]; then\n"
           "        words=\"$words $(dyad complete-names $names 2>/dev/null)\"\n"
           "    fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "    [[ $files == yes ]] && COMPREPLY+=($(compgen -f -- \"$current\"))\n"
           "    return 0\n"
           "}\n"
           "complete -o filenames -F _dyad dyad\n";
}

std::string zshCompletion(const CommandNode& root) {
    // zsh takes bash's scripts through its own bridge; where it is sourced, as where it lies in $fpath.
    return "#compdef dyad\n"
           "# zsh completion for dyad, written by `dyad completion zsh`; see dyad-completion(1)\n"
           "_dyad() {\n"
           "    local path_so_far=dyad words_next='' names='' value=no files=no word i\n"
           "    local before=${words[CURRENT-1]}\n"
           "    local known=" +
           shellQuoted(pathList(root)) +
           "\n"
           "    for ((i = 2; i < CURRENT; i++)); do\n"
           "        word=${words[i]}\n"
           "        [[ $known == *\"|$path_so_far $word|\"* ]] && path_so_far=\"$path_so_far $word\"\n"
           "    done\n"
           "    _dyad_value() {\n"
           "        local words=''\n"
           "        case $before in\n" +
           valueTable(root) +
           "        esac\n"
           "        words_next=$words\n"
           "    }\n"
           "    _dyad_command() {\n"
           "        local words=''\n"
           "        case $path_so_far in\n" +
           caseTable(root) +
           "        esac\n"
           "        words_next=$words\n"
           "    }\n"
           "    _dyad_value\n"
           "    [[ $value == no ]] && _dyad_command\n"
           "    if [[ -n $names && $PREFIX != -* ]]; then\n"
           "        words_next=\"$words_next $(dyad complete-names ${=names} 2>/dev/null)\"\n"
           "    fi\n"
           "    compadd -- ${=words_next}\n"
           "    [[ $files == yes ]] && _files\n"
           "    return 0\n"
           "}\n"
           "if [[ ${funcstack[1]} == _dyad ]]; then _dyad \"$@\"; else compdef _dyad dyad; fi\n";
}

std::string fishCompletion(const CommandNode& root) {
    std::string text = "# fish completion for dyad, written by `dyad completion fish`; see dyad-completion(1)\n"
                       "complete -c dyad -f\n";
    const auto option = [&text](const std::string& condition, const OptionNode& each) {
        if (each.names.empty()) return;
        text += "complete -c dyad" + condition;
        for (const std::string& name : each.names)
            text += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (!each.value.empty()) text += takesFile(each) ? " -r -F" : " -x";
        if (!each.choices.empty()) {
            std::string choices;
            for (const std::string& choice : each.choices)
                choices += (choices.empty() ? "" : " ") + choice;
            text += " -a " + fishQuoted(choices);
        } else if (const std::string kind = namesFor(each.names.front()); !kind.empty()) {
            text += " -a '(dyad complete-names " + kind + " 2>/dev/null | string split \" \")'";
        }
        text += " -d " + fishQuoted(firstLine(each.help)) + "\n";
    };
    for (const OptionNode& each : root.options)
        option("", each);
    std::string allTop;
    for (const CommandNode& command : root.commands)
        allTop += " " + command.name;
    for (const CommandNode& command : root.commands) {
        text += "complete -c dyad -n 'not __fish_seen_subcommand_from" + allTop + "' -a " + command.name + " -d " +
                fishQuoted(firstLine(command.help)) + "\n";
        const std::string seen = " -n '__fish_seen_subcommand_from " + command.name + "'";
        std::string subNames;
        for (const CommandNode& sub : command.commands)
            subNames += " " + sub.name;
        for (const CommandNode& sub : command.commands) {
            text += "complete -c dyad -n '__fish_seen_subcommand_from " + command.name +
                    "; and not __fish_seen_subcommand_from" + subNames + "' -a " + sub.name + " -d " +
                    fishQuoted(firstLine(sub.help)) + "\n";
            for (const OptionNode& each : sub.options)
                option(" -n '__fish_seen_subcommand_from " + command.name + "; and __fish_seen_subcommand_from " +
                           sub.name + "'",
                       each);
        }
        for (const OptionNode& each : command.options) {
            option(seen, each);
            if (each.place.empty()) continue;
            std::string words;
            for (const std::string& choice : each.choices)
                words += (words.empty() ? "" : " ") + choice;
            if (!words.empty()) text += "complete -c dyad" + seen + " -a " + fishQuoted(words) + "\n";
        }
        if (const std::string kinds = namesAfter(command); !kinds.empty())
            text += "complete -c dyad" + seen + " -a '(dyad complete-names " + kinds +
                    " 2>/dev/null | string split \" \")'\n";
    }
    return text;
}

} // namespace dyad::cli
