// SPDX-License-Identifier: Apache-2.0
// What `dyad` says on a host of the lab.
#pragma once

#include "lab/host.h"
#include "lab/paths.h"

#include <QByteArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace dyad::lab {

inline constexpr Duration deadlockGuard = 90s; // of no test's meaning: only so that a broken pair ends the test

struct Told {
    int status = -1;
    QByteArray text;
    // The last line that is an object.
    [[nodiscard]] QJsonObject json() const {
        const QList<QByteArray> lines = text.trimmed().split('\n');
        for (auto line = lines.rbegin(); line != lines.rend(); ++line)
            if (line->startsWith('{')) return QJsonDocument::fromJson(*line).object();
        return {};
    }
    [[nodiscard]] bool says(const char* words) const { return text.contains(words); }
};

inline Told ask(const std::string& host, std::vector<std::string> words) {
    words.insert(words.begin(), programPath("dyad"));
    const auto output = runInHost(host, words, {.deadline = deadlockGuard});
    if (!output) return {};
    return {output.value().exitStatus, QByteArray::fromStdString(output.value().text)};
}

inline Told askJson(const std::string& host, std::vector<std::string> words) {
    words.emplace_back("--json");
    return ask(host, std::move(words));
}

// The host's configuration file; empty where it can't be read.
inline std::string configurationOn(const std::string& host) {
    std::ifstream file(hostFolder(host) + "/etc/dyad/dyad.toml");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// `dyad config apply` of this text, as ordered on alpha.
inline Told applyConfiguration(const std::string& text) {
    std::ofstream(hostFolder("alpha") + "/etc/dyad/offered.toml", std::ios::trunc) << text;
    return ask("alpha", {"config", "apply", "/etc/dyad/offered.toml", "--yes"});
}

// Until the test says that it is so, or the guard is over.
template <typename Condition>
bool eventually(Condition condition) {
    const Instant began = monotonicNow();
    while (!condition()) {
        if (monotonicNow() - began > deadlockGuard) return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

} // namespace dyad::lab
