// SPDX-License-Identifier: Apache-2.0
#include "config/sync/sync_plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

namespace dyad::config {

namespace {

const SyncEntry* find(const SyncManifest& manifest, const std::string& path) {
    const auto found = manifest.find(path);
    return found == manifest.end() ? nullptr : &found->second;
}

bool same(const SyncEntry* a, const SyncEntry* b) { return a && b ? *a == *b : a == b; }

std::string whyConflict(const SyncEntry* standby, const SyncEntry* base, const SyncEntry* active) {
    if (!base) return active ? "it was there with other content before it was ever copied" : "it is only there";
    if (!standby) return "it was removed there";
    return active ? "it was changed there, too" : "it was changed there, and removed here";
}

template <typename Number>
bool take(std::string_view& line, Number& number, int base) {
    const std::size_t end = line.find(' ');
    if (end == std::string_view::npos) return false;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + end, number, base);
    const bool good = error == std::errc() && stop == line.data() + end;
    line.remove_prefix(end + 1);
    return good;
}

} // namespace

SyncPlan planSync(const SyncManifest& active, const SyncManifest& standby, const SyncManifest& base, bool force) {
    SyncPlan plan;
    std::set<std::string> paths;
    for (const SyncManifest* each : {&active, &standby, &base})
        for (const auto& [path, entry] : *each)
            paths.insert(path);
    for (const std::string& path : paths) {
        const SyncEntry* here = find(active, path);
        const SyncEntry* there = find(standby, path);
        const SyncEntry* before = find(base, path);
        if (same(here, there))
            plan.agreed.push_back(path);
        else if (force || same(there, before))
            (here ? plan.write : plan.remove).push_back(path);
        else
            plan.conflicts.push_back({path, whyConflict(there, before, here)});
    }
    std::reverse(plan.remove.begin(), plan.remove.end()); // sorted: a folder stands before what is in it
    return plan;
}

SyncManifest newBase(SyncManifest base, const SyncManifest& active, const SyncPlan& plan) {
    const auto follow = [&](const std::vector<std::string>& paths) {
        for (const std::string& path : paths) {
            if (const SyncEntry* here = find(active, path))
                base[path] = *here;
            else
                base.erase(path);
        }
    };
    follow(plan.agreed);
    follow(plan.write);
    follow(plan.remove);
    return base;
}

std::string toText(const SyncManifest& manifest) {
    std::string text;
    for (const auto& [path, entry] : manifest) {
        char numbers[128];
        std::snprintf(numbers, sizeof numbers, "%u %o %u %u %llu %llx ", static_cast<unsigned>(entry.kind), entry.mode,
                      entry.user, entry.group, static_cast<unsigned long long>(entry.size),
                      static_cast<unsigned long long>(entry.digest));
        text += numbers + path + "\n";
    }
    return text;
}

Result<SyncManifest> parseManifest(std::string_view text) {
    SyncManifest manifest;
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        unsigned kind = 0;
        SyncEntry entry;
        const bool good = end != std::string_view::npos && take(line, kind, 10) && take(line, entry.mode, 8) &&
                          take(line, entry.user, 10) && take(line, entry.group, 10) && take(line, entry.size, 10) &&
                          take(line, entry.digest, 16) && kind <= 2 && entry.mode <= 07777 && !line.empty();
        if (!good || manifest.size() >= maxSyncEntries)
            return Error{"read the list of a file set", "line " + std::to_string(number),
                         good ? "it has too many entries" : "it can't be taken apart", ""};
        entry.kind = static_cast<SyncKind>(kind);
        manifest[std::string(line)] = entry;
    }
    return manifest;
}

bool belongsTo(std::string_view path, const std::vector<std::string>& roots) {
    if (path.size() < 2 || path.size() > 1024 || path.front() != '/' || path.back() == '/' ||
        std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
        return false;
    if (std::filesystem::path(path).lexically_normal().string() != path) return false;
    return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) {
        return path == root || (path.starts_with(root) && path[root.size()] == '/');
    });
}

} // namespace dyad::config
