// SPDX-License-Identifier: Apache-2.0
// dyad man: the manual pages, made from the commands themselves.
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/man_page.h"
#include "cli/output.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QJsonObject>

#include <filesystem>
#include <fstream>

namespace dyad::cli {
namespace {

struct ManWanted {
    std::string page; // "dyad", "dyad-status", "status"
    std::string folder;
};

int man(const ManWanted& wanted, bool json) {
    CommandLine unused;
    const std::vector<ManPage> pages = manPages(treeOf(*makeCommandTree(unused)), DYAD_VERSION);
    if (!wanted.folder.empty()) {
        QJsonArray files;
        for (const ManPage& page : pages) {
            const std::filesystem::path path = std::filesystem::path(wanted.folder) / page.file;
            std::ofstream(path) << page.text;
            if (std::ifstream check(path); !check) {
                complain("write " + path.string() + ": it can't be written. Name a folder that is there");
                return exit_code::failed;
            }
            files.append(QString::fromStdString(page.file));
        }
        if (json)
            printJson(QJsonObject{{"files", files}});
        else
            print(std::to_string(pages.size()) + " pages written to " + wanted.folder + "\n");
        return exit_code::ok;
    }
    const std::string plain = wanted.page.empty() ? "dyad" : wanted.page;
    for (const ManPage& page : pages) {
        if (page.file != plain + ".1" && page.file != "dyad-" + plain + ".1") continue;
        if (json)
            printJson(
                QJsonObject{{"page", QString::fromStdString(page.file)}, {"text", QString::fromStdString(page.text)}});
        else
            print(page.text);
        return exit_code::ok;
    }
    complain("there is no page " + plain + ". `dyad man` shows the first one, which names the others");
    return exit_code::usage;
}

} // namespace

void addMan(CLI::App& app, CommandLine& line) {
    CLI::App* command = app.add_subcommand("man", "A manual page, for `man -l -` (dyad man status | man -l -)");
    auto wanted = std::make_shared<ManWanted>();
    command->add_option("PAGE", wanted->page, "dyad-status, or just status (default: dyad)");
    command->add_option("--write", wanted->folder, "Write all pages into this folder");
    command->callback([&line, wanted] { line.run = [&line, wanted] { return man(*wanted, line.arguments.json); }; });
}

} // namespace dyad::cli
