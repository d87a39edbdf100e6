// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include "config/digest.h"
#include "config/sections.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace dyad::config {

namespace {

Loaded unreadable(std::string file, std::string what, std::string remedy) {
    Loaded loaded;
    loaded.problems.push_back({std::move(file), 0, 0, "", "", std::move(what), std::move(remedy)});
    return loaded;
}

Loaded fromTable(const toml::table& table, std::string_view text, std::string fileName) {
    Draft draft(std::move(fileName));
    TableReader root(table, "the file", draft.problems);
    readCluster(root, draft);
    readNodes(root, draft);
    readLinkOptions(root, draft);
    readNetwork(root, draft);
    readControl(root, draft);
    readLuns(root, draft);
    readGroups(root, draft);
    readSyncs(root, draft);
    readNotify(root, draft);
    readHooks(root, draft);
    root.finish();
    resolveAliases(draft);
    resolveOrder(draft);
    checkConsistency(draft);
    checkUnits(draft);

    draft.configuration.digest = digestOf(text);
    draft.configuration.clusterId = clusterIdOf(draft.configuration.clusterName);
    Loaded loaded;
    if (draft.problems.none()) loaded.configuration = std::move(draft.configuration);
    std::move(draft.problems).moveTo(loaded);
    return loaded;
}

} // namespace

Loaded loadText(std::string_view text, std::string fileName) {
    if (text.size() > maxFileBytes)
        return unreadable(std::move(fileName), "the file has more than " + std::to_string(maxFileBytes) + " bytes",
                          "check that it is the configuration");
    try {
        const toml::table table = toml::parse(text, fileName);
        return fromTable(table, text, std::move(fileName));
    } catch (const toml::parse_error& error) {
        Loaded loaded;
        const auto& begin = error.source().begin;
        loaded.problems.push_back(
            {std::move(fileName), static_cast<unsigned>(begin.line), static_cast<unsigned>(begin.column), "", "",
             "not valid TOML: " + std::string(error.description()), "correct the line (https://toml.io)"});
        return loaded;
    }
}

Loaded loadFile(const std::filesystem::path& path) {
    const auto failed = [&](const char* tried) {
        return unreadable(path.string(),
                          std::string(tried) + ": " + std::generic_category().message(errno) + " (" +
                              std::to_string(errno) + ")",
                          "check that the file is there and may be read");
    };
    std::error_code status;
    if (std::filesystem::exists(path, status) && !std::filesystem::is_regular_file(path, status))
        return unreadable(path.string(), "this is not a regular file", "name the file dyad.toml itself");
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
    if (!file) return failed("it can't be opened");
    std::string text(maxFileBytes + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) return failed("it can't be read");
    return loadText(text, path.string());
}

} // namespace dyad::config
